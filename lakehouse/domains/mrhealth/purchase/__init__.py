"""Recommend what each restaurant should order from its suppliers.

`terms` has the parameters, `arithmetic` computes orders from forecasts and stock, `inputs` gathers
what is known of each unit and product, and `tables` makes the rows of the table.
"""

MODULES = tuple(
    f"lakehouse.domains.mrhealth.purchase.{name}"
    for name in ("terms", "arithmetic", "inputs", "tables")
)
"""Modules whose code is part of the definition of the purchase recommendations."""
