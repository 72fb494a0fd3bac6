"""Analytical tables and views of Mr. Health."""
