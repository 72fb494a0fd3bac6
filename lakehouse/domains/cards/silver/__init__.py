"""PoD Cartões, silver layer."""
