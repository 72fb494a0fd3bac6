"""Mr. Health, bronze layer."""
