"""Quality checks of sales, evaluated for every day.

Keys, regions and the arithmetic of a sale are enforced before a row is stored (see `enforced_by`).
The checks on them here read what is stored, and fail the run if it breaks the rule.
"""

from lakehouse.domains.sales import SPEC, rules
from lakehouse.domains.sales.gold.daily_sales import daily_sales
from lakehouse.domains.sales.gold.fact_sales import fact_sales
from lakehouse.domains.sales.silver.sales import sales
from lakehouse.domains.sales.sources import SALES
from lakehouse.platform.quality.checks import CheckStatus, rows_of
from lakehouse.platform.quality.common_checks import (
    Totals,
    accepted_values,
    equal_totals,
    has_rows,
    no_rows,
    unique,
    usual_volume,
)
from lakehouse.platform.quality.delivery_checks import (
    declared_columns,
    no_rejections,
    reconciled_files,
)

ENFORCED_BY_SILVER = "silver.sales_sales, which rejects such a sale"

CHECKS = (
    has_rows(fact_sales, "sales", CheckStatus.WARN),
    usual_volume(fact_sales, "sales"),
    equal_totals(
        fact_sales,
        Totals(
            label="silver",
            rows=rows_of(sales),
            columns={"value": "total_value", "units": "quantity"},
            where=lambda rows: ~rows.deleted,
        ),
        Totals(
            label="fact",
            rows=rows_of(fact_sales),
            columns={"value": "total_value", "units": "quantity"},
        ),
        Totals(
            label="daily",
            rows=rows_of(daily_sales),
            columns={"value": "total_sales", "units": "total_quantity"},
        ),
        text="R$ {value:.2f} of {units} units",
        description="Value and units are equal in silver, in the fact table and in the daily"
        " totals; fails otherwise.",
    ),
    unique(
        fact_sales,
        "id",
        noun="repeated sales",
        description="Each sale number identifies one sale; fails with the repeated numbers.",
        enforced_by="the key of silver.sales_sales over all days, and of gold.sales_fact_sales",
    ),
    accepted_values(
        fact_sales,
        "region",
        rules.REGIONS,
        key=("id",),
        name="regions",
        noun="sales elsewhere",
        description="Every sale is in one of the five regions; fails with the other sales.",
        enforced_by=ENFORCED_BY_SILVER,
    ),
    no_rows(
        fact_sales,
        lambda facts: facts.filter(facts.total_value != facts.quantity * facts.unit_price),
        key=("id",),
        name="totals",
        category="consistency",
        noun="wrong totals",
        description="The value of a sale is quantity × unit price; fails with the other sales.",
        otherwise=CheckStatus.FAIL,
        enforced_by=ENFORCED_BY_SILVER,
    ),
    no_rejections(sales),
    reconciled_files(SPEC.name, SALES.bronze),
    declared_columns(SALES.raw),
)
"""Business rules first, then deliveries."""
