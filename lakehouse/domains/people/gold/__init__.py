"""Analytical tables of People: one row per person, and a masked copy."""
