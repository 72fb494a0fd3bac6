"""Build the same tables day by day with pandas, as a typical script does.

    python -m bench.pandas_days --landing LANDING --out FOLDER --sample 5

Each day separately: its files to bronze, silver, rejected rows with their reasons, and gold; every
table is one Parquet file per day. Money is exact, as ``decimal.Decimal``; ``--floats`` shows the
cost when cents may be lost. Only some days, evenly distributed, are computed; the figures are
extrapolated linearly to all days.
"""

import argparse
import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pandas as pd

from bench.bare import COLUMNS, DATASETS
from bench.measure import spent

STATUSES = {"finalizado": "Finalizado", "pendente": "Pendente", "cancelado": "Cancelado"}
TYPES = {"loja online": "ONLINE", "loja fisica": "PHYSICAL"}
KEY = ["day", "unit_id", "order_id"]


def read(day: Path, dataset: str) -> pd.DataFrame:
    """Return the rows of a day's files as text; unreadable lines are left out."""
    frames = []
    for path in sorted(day.rglob("*.csv")):
        if path.name.lower() != DATASETS[dataset]:
            continue
        data = path.read_bytes()
        if not data:
            continue
        try:
            data.decode()
            encoding = "utf-8-sig"
        except UnicodeDecodeError:
            encoding = "latin-1"
        separator = ";" if b";" in data[: data.find(b"\n")] else ","
        rows = pd.read_csv(
            path, sep=separator, encoding=encoding, dtype=str, on_bad_lines="skip", engine="c"
        )
        rows = rows.rename(columns={"Endereco Entrega": "Endereco_Entrega"})
        rows = rows.reindex(columns=COLUMNS[dataset])
        unit = next(part for part in path.parts if part.startswith("unidade_"))
        frames.append(rows.assign(unit=int(unit[8:]), file=str(path), day=pd.Timestamp(day.name)))
    return pd.concat(frames, ignore_index=True)


def money(text: pd.Series, *, floats: bool) -> pd.Series:
    plain = text.str.strip().str.replace(",", ".")
    if floats:
        return pd.to_numeric(plain, errors="coerce").round(2)
    written = plain.str.fullmatch(r"-?[0-9]{1,12}([.][0-9]{1,2})?").fillna(value=False)
    return plain.where(written).map(Decimal, na_action="ignore")


def reasons(conditions: Mapping[str, pd.Series]) -> pd.Series:
    """Return the reason codes of each row, separated by commas; empty for a valid row."""
    codes = pd.Series("", index=next(iter(conditions.values())).index)
    for code, broken in conditions.items():
        codes = codes.where(~broken, codes + code + ",")
    return codes


def split_rows(
    rows: pd.DataFrame, key: list[str], codes: pd.Series
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the newest valid row of each key, and the rejected rows with their reasons."""
    good = rows[codes == ""].sort_values("file").drop_duplicates(key, keep="last")
    return good, rows[codes != ""].assign(reasons=codes[codes != ""])


def folded(text: pd.Series) -> pd.Series:
    plain = text.str.normalize("NFKD").str.encode("ascii", "ignore").str.decode("ascii")
    return plain.str.strip().str.lower()


def silver_orders(
    bronze: pd.DataFrame, units: pd.DataFrame, *, floats: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = pd.DataFrame(
        {
            "order_date": pd.to_datetime(bronze.Data_Pedido, errors="coerce", format="%Y-%m-%d"),
            "unit_id": pd.to_numeric(bronze.Id_Unidade, errors="coerce"),
            "order_id": bronze.Id_Pedido.str.strip(),
            "order_type": folded(bronze.Tipo_Pedido).map(TYPES).fillna("UNKNOWN"),
            "status": folded(bronze.Status).map(STATUSES),
            "order_value": money(bronze.Vlr_Pedido, floats=floats),
            "delivery_fee": money(bronze.Taxa_Entrega.fillna("0"), floats=floats),
            "delivery_address": bronze.Endereco_Entrega.str.strip().replace("--", None),
            "unit": bronze.unit,
            "file": bronze.file,
        }
    )
    rows["day"] = rows.order_date
    amounts = rows[["order_value", "delivery_fee"]]
    codes = reasons(
        {
            "missing_required": rows.order_id.isna(),
            "bad_date": rows.order_date.isna(),
            "bad_amount": amounts.isna().any(axis=1) | (amounts.fillna(0) < 0).any(axis=1),
            "bad_status": rows.status.isna(),
            "unit_mismatch": rows.unit_id != rows.unit,
            "unknown_unit": ~rows.unit_id.isin(units.unit_id),
        }
    )
    return split_rows(rows, KEY, codes)


def silver_items(
    bronze: pd.DataFrame, orders: pd.DataFrame, products: pd.DataFrame, *, floats: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = pd.DataFrame(
        {
            "order_id": bronze.Id_Pedido.str.strip(),
            "item_id": bronze.Id_Item_Pedido.str.strip(),
            "product_id": pd.to_numeric(bronze.Id_Produto, errors="coerce"),
            "quantity": pd.to_numeric(bronze.Qtd, errors="coerce"),
            "unit_price": money(bronze.Vlr_Item, floats=floats),
            "note": bronze.Observacao,
            "unit": bronze.unit,
            "file": bronze.file,
        }
    )
    quantity = rows.quantity.astype("Int64")
    rows["line_total"] = (quantity if floats else quantity.astype(object)) * rows.unit_price
    placed = rows.merge(orders[[*KEY, "unit"]], on=["unit", "order_id"], how="left")
    codes = reasons(
        {
            "missing_required": placed.item_id.isna(),
            "orphan_item": placed.unit_id.isna(),
            "unknown_product": ~placed.product_id.isin(products.product_id),
            "bad_amount": placed.unit_price.isna() | ~(placed.quantity > 0),
        }
    )
    return split_rows(placed, [*KEY, "item_id"], codes)


def gold(
    orders: pd.DataFrame, items: pd.DataFrame, units: pd.DataFrame, products: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    fact_items = items.merge(orders[[*KEY, "status", "order_type"]], on=KEY)
    sums = items.groupby(KEY, as_index=False).agg(
        items=("item_id", "size"), quantity=("quantity", "sum"), line_total=("line_total", "sum")
    )
    facts = orders.merge(sums, on=KEY, how="left").fillna({"items": 0, "line_total": 0})
    facts["revenue"] = facts.order_value.where(facts.status == "Finalizado", 0)
    facts["reconciliation_difference"] = facts.order_value - facts.line_total - facts.delivery_fee
    product_day = fact_items.groupby(["day", "product_id"], as_index=False).agg(
        orders=("order_id", "nunique"),
        quantity=("quantity", "sum"),
        line_revenue=("line_total", "sum"),
        units_selling=("unit_id", "nunique"),
    )
    counts = facts.assign(
        **{name: facts.status == name for name in STATUSES.values()},
        online=facts.order_type == "ONLINE",
    )
    unit_day = units.merge(
        counts.groupby("unit_id", as_index=False).agg(
            orders=("order_id", "size"),
            completed_orders=("Finalizado", "sum"),
            pending_orders=("Pendente", "sum"),
            cancelled_orders=("Cancelado", "sum"),
            revenue=("revenue", "sum"),
            online=("online", "sum"),
        ),
        on="unit_id",
        how="left",
    )
    return {
        "fact_order_items": fact_items,
        "fact_orders": facts,
        "product_day": product_day.merge(products, on="product_id"),
        "unit_day": unit_day,
        "dim_unit": units,
        "dim_product": products,
    }


def one_day(day: Path, reference: Path, out: Path, *, floats: bool) -> None:
    units = pd.read_csv(reference / "Tabela_Unidade.csv")
    units.columns = pd.Index(["unit_id", "unit_name", "state_id"])
    products = pd.read_csv(reference / "Tabela_Produto.csv")
    products.columns = pd.Index(["product_id", "product_name"])
    bronze = {dataset: read(day, dataset) for dataset in DATASETS}
    orders, bad_orders = silver_orders(bronze["orders"], units, floats=floats)
    items, bad_items = silver_items(bronze["order_items"], orders, products, floats=floats)
    tables = {f"bronze_{name}": rows for name, rows in bronze.items()}
    tables |= {"silver_orders": orders, "silver_order_items": items}
    tables |= {"orders_quarantine": bad_orders, "order_items_quarantine": bad_items}
    for name, rows in (tables | gold(orders, items, units, products)).items():
        folder = out / name / f"day={day.name}"
        folder.mkdir(parents=True)
        rows.to_parquet(folder / "part.parquet", compression="zstd", index=False)


def main() -> None:
    words = argparse.ArgumentParser(prog="bench.pandas_days", description=__doc__)
    words.add_argument("--landing", type=Path, required=True)
    words.add_argument("--out", type=Path, required=True)
    words.add_argument("--sample", type=int, default=5)
    words.add_argument("--floats", action="store_true")
    given = words.parse_args()
    days = sorted(given.landing.joinpath("mrhealth").glob("????-??-??"))
    chosen = days[:: max(1, len(days) // given.sample)][: given.sample]
    start = spent()
    for day in chosen:
        one_day(day, given.landing / "mrhealth" / "reference", given.out, floats=given.floats)
    took = spent() - start
    stretched = {name: round(s * len(days) / len(chosen), 2) for name, s in took.as_json().items()}
    print(json.dumps({"run": stretched, "peak_mb": took.peak_mb, "sampled_days": len(chosen)}))


if __name__ == "__main__":
    main()
