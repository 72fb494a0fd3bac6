"""Sales: what lands, what is refused, what was sold."""
