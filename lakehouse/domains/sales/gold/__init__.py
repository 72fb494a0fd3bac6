"""Analytical tables and views of Sales."""
