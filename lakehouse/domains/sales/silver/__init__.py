"""Validated tables of Sales: one row per key, rejected rows in quarantine."""
