"""Mr. Health, gold layer."""
