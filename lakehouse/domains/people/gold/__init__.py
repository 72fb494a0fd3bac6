"""Analytical tables and views of People: one row per person, and a masked view."""
