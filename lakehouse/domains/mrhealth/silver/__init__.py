"""Validated tables of Mr. Health: one row per key, rejected rows in quarantine."""
