"""Mr. Health: what lands, what is rejected, what is sold."""
