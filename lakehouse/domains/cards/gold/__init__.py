"""Analytical tables of PoD Cartões: positions, books and labels."""
