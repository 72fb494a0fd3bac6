"""Analytical tables of Sales."""
