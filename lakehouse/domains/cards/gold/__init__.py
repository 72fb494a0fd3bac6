"""PoD Cartões, gold layer."""
