"""Validated tables of People: all valid rows of all files, rejected rows in quarantine."""
