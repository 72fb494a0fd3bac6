"""Analytical tables of Mr. Health."""
