"""Validated tables of Rox Bikes: typed, one row per key, rejected rows in quarantine."""
