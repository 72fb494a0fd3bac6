"""Each table's function on small tables, without Dagster."""
