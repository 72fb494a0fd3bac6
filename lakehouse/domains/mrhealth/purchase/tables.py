"""Rows of the purchase recommendations, with the arithmetic as a sentence in Portuguese."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from lakehouse.domains.mrhealth.purchase import terms
from lakehouse.domains.mrhealth.purchase.arithmetic import Numbers, Whole, classes_of, orders_of
from lakehouse.domains.mrhealth.purchase.inputs import Known, known_of

MONEY = pa.decimal128(18, 2)
SHARE = pa.decimal128(18, 4)


def recommended_rows(day: dt.date, inputs: Mapping[str, pa.Table]) -> pa.Table:
    """Return one recommendation for each unit and product that is forecast."""
    known = known_of(day, inputs)
    abc, xyz = _abc(known), _xyz(known)
    service = np.array([terms.SERVICE[a + x] for a, x in zip(abc, xyz, strict=True)], np.float64)
    made = orders_of(known.forecast, known.supply, service, terms.REVIEW_DAYS)
    week = known.forecast.expected[:, :7]
    daily = np.round(week.mean(axis=1) if week.size else np.zeros(len(abc)), 2)
    position = known.supply.on_hand + known.supply.on_order
    has_cover = known.stock_known & (daily > 0)
    cover = np.round(position / np.where(daily > 0, daily, 1.0), 2)
    pieces = made["order_pieces"]
    columns: dict[str, Any] = {
        "unit_id": known.unit_id,
        "unit_name": known.unit_name,
        "product_id": known.product_id,
        "product_name": known.product_name,
        "abc_class": abc,
        "xyz_class": xyz,
        "service_rate": _decimal(service, SHARE),
        "lead_days": _decimal(known.supply.lead_days),
        "lead_days_variance": _decimal(known.supply.lead_days_variance, SHARE),
        "lead_measured": known.lead_measured,
        "daily_demand": _decimal(daily),
        "covered_days": _decimal(made["covered_days"]),
        "demand": _decimal(made["demand"]),
        "demand_deviation": _decimal(made["demand_deviation"]),
        "safety_factor": _decimal(made["safety_factor"], SHARE),
        "safety_stock": _decimal(made["safety_stock"]),
        "reorder_point": _decimal(made["reorder_point"]),
        "lot": known.supply.lot,
        "lot_allowance": _decimal(made["lot_allowance"]),
        "target": _decimal(made["target"]),
        "shelf_days": known.supply.shelf_days,
        "shelf_limit": _decimal(made["shelf_limit"]),
        "stock_known": known.stock_known,
        "on_hand": known.supply.on_hand,
        "on_order": known.supply.on_order,
        "order_lots": made["order_lots"],
        "order_pieces": pieces,
        "days_of_cover": _decimal(cover, MONEY, has_cover),
        "unit_price": _decimal(known.price, MONEY, known.price > 0),
        "unit_cost": _decimal(known.cost, MONEY, known.cost > 0),
        "order_value": _decimal(pieces * known.cost, MONEY, known.cost > 0),
        "expected_lost": _decimal(made["expected_lost"]),
        "lost_sales_value": _decimal(made["expected_lost"] * known.price, MONEY, known.price > 0),
        "expected_expired": _decimal(made["expected_expired"]),
        "waste_value": _decimal(made["expected_expired"] * known.cost, MONEY, known.cost > 0),
    }
    rows = pa.table(columns)
    sentences = [sentence_of(row) for row in rows.to_pylist()]
    return rows.append_column("explanation", pa.array(sentences, pa.string()))


def sentence_of(row: Mapping[str, Any]) -> str:
    """Return the arithmetic of a recommendation in Portuguese."""
    stock = f"estoque {row['on_hand']}"
    if not row["stock_known"]:
        stock = "estoque desconhecido (desconte o que há na unidade)"
    limit = ""
    if row["shelf_limit"] < row["target"]:
        limit = f", limitado a {_text(row['shelf_limit'])} pela validade ({row['shelf_days']} dias)"
    days = "dia" if row["covered_days"] == 1 else "dias"
    return (
        f"Pedir {row['order_pieces']}: demanda de {_text(row['covered_days'])} {days}"
        f" {_text(row['demand'])} + segurança {_text(row['safety_stock'])}"
        f" ({_text(row['safety_factor'])} × {_text(row['demand_deviation'])}, nível de"
        f" {_text(row['service_rate'] * 100)} %) + ajuste do lote {_text(row['lot_allowance'])}"
        f" = alvo {_text(row['target'])}{limit}; {stock}, a caminho {row['on_order']};"
        f" {row['order_lots']} × lote de {row['lot']}."
    )


def _text(value: Any) -> str:
    """Return a number as it is written in Brazil, without zeros at the end."""
    return f"{value:f}".rstrip("0").rstrip(".").replace(".", ",") if value else "0"


def _abc(known: Known) -> list[str]:
    found = np.full(len(known.unit_id), "C")
    for unit in np.unique(known.unit_id):
        here = known.unit_id == unit
        found[here] = classes_of(known.revenue[here], terms.ABC_SHARES)
    return [str(name) for name in found]


def _xyz(known: Known) -> list[str]:
    limits = [known.variation <= limit for limit in terms.XYZ_VARIATION.values()]
    return [str(name) for name in np.select(limits, list(terms.XYZ_VARIATION), "Z")]


def _decimal(
    values: Numbers | Whole, kind: pa.Decimal128Type = MONEY, known: Any = None
) -> pa.Array:
    """Return numbers as decimals; null where they are not known."""
    scale = kind.scale
    whole = np.round(np.asarray(values, np.float64) * 10**scale)
    texts = [
        None if known is not None and not known[n] else f"{int(number)}e-{scale}"
        for n, number in enumerate(whole.tolist())
    ]
    return pa.array([None if text is None else Decimal(text) for text in texts], kind)
