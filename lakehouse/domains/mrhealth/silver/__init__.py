"""Mr. Health, silver layer."""
