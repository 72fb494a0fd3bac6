"""Rows as they landed, every value as text, with file and line."""
