"""The command line, the face that measurements use."""
