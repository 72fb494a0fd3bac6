"""Landed files become trusted Delta tables, and every row is accounted for."""

__version__ = "0.2.0"
