"""A hint about an unknown name shows the nearest names, and never a page of them."""

from lakehouse.cli.messages import MOST_NAMES, suggestion


def test_few_names_are_all_listed_after_the_most_similar_one() -> None:
    hint = suggestion("sale", ["people", "sales"])
    assert hint == "did you mean sales? known names: people, sales"
    assert suggestion("zzz", ["people", "sales"]) == "known names: people, sales"
    assert suggestion("sale", []) == "none exist yet"


def test_of_many_names_the_nearest_are_listed() -> None:
    known = [f"gold.sales_table_{n:02}" for n in range(40)] + ["raw.sales_orders"]
    hint = suggestion("raw.sales_order", known)
    assert hint.startswith("did you mean raw.sales_orders? 41 names are known, among them: ")
    assert "raw.sales_orders" in hint.split(": ")[1]
    assert len(hint.split(": ")[1].split(", ")) == MOST_NAMES
