"""PoD Cartões, bronze layer."""
