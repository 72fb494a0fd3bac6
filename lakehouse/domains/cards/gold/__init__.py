"""Analytical tables and views of PoD Cartões: positions, books and labels."""
