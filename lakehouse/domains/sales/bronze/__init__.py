"""Rows of the landed files, every value as text."""
