"""The systems, one folder each: sources, raw, bronze, silver, gold, serve."""
