"""Find what is wrong in a restaurant, a state or the chain, and join what has one cause.

`inputs` reads sums by unit and day; `usual` says how much was to be expected, `volume`, `status`,
`prices`, `chain_prices` and `products` find what differs, and `tables` joins it and makes the rows.
The parameters are in `alert_rules`.
"""

MODULES = (
    *(f"lakehouse.platform.alerts.{name}" for name in ("incidents", "kinds", "usual")),
    "lakehouse.domains.alert_text",
    *(
        f"lakehouse.domains.mrhealth.{name}"
        for name in (
            "alert_rules",
            "detection.chain_prices",
            "detection.grid",
            "detection.join",
            "detection.products",
            "detection.status",
            "detection.tables",
            "detection.usual",
            "detection.volume",
        )
    ),
)
"""Modules whose code is part of the definition of the table."""
