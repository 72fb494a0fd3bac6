"""A day arrives, late, broken, again; with real parts."""
