"""Exports of the previous system's tables, each to its own path.

The previous system wrote all of them to one path, so that only the last one was kept.
"""

from lakehouse.platform.serving.exports import Export

EXPORTS = tuple(
    Export(name=name, path=f"dados/{layer}/{name}/part-0.parquet", sql=sql)
    for layer, name, sql in (
        (
            "silver",
            "original_item_lines",
            "FROM gold.mrhealth_original_item_lines",
        ),
        (
            "gold",
            "original_lines_by_product",
            "FROM gold.mrhealth_original_lines_by_product ORDER BY 2 DESC, 1",
        ),
        (
            "gold",
            "original_lines_by_country",
            "FROM gold.mrhealth_original_lines_by_country ORDER BY 3 DESC, 1",
        ),
        (
            "gold",
            "original_lines_by_year",
            "FROM gold.mrhealth_original_lines_by_year ORDER BY 1 DESC, 5 DESC, 2, 3",
        ),
    )
)
