"""The file system: walking watched folders, what is left out, what changes."""
