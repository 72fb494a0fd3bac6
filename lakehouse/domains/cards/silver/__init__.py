"""Validated tables of PoD Cartões: one row per key, rejected rows in quarantine."""
