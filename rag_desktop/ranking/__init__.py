"""Pure functions over passages: fuse, threshold, order."""
