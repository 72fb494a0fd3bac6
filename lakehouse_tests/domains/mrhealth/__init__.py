"""Mr. Health: what lands, what is refused, what is sold."""
