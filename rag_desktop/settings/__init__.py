"""The settings file, and where things lie on this machine."""
