"""A stress program: random happenings to a real tree, and a library that must be what one made from scratch is."""
