"""The rules of Mr. Health applied to the bytes of its files, with the standard library alone."""

import csv
import datetime as dt
import gzip
import io
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from lakehouse.demo.files import LandedFile
from lakehouse.demo.mrhealth import (
    DayTotals,
)

Row = dict[str, str]


@dataclass
class Reading:
    """What the rules give for the bytes of the files, applied without the platform."""

    days: dict[dt.date, DayTotals] = field(default_factory=lambda: defaultdict(DayTotals))
    rejected_files: Counter[str] = field(default_factory=Counter)
    rejected_orders: Counter[str] = field(default_factory=Counter)
    rejected_items: Counter[str] = field(default_factory=Counter)
    unreconciled: int = 0


def text_of(file: LandedFile) -> str:
    data = gzip.decompress(file.data) if file.path.endswith(".gz") else file.data
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def parsed(text: str) -> list[list[str]]:
    delimiter = ";" if ";" in text.splitlines()[0] else ","
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        records: list[list[str]] = []
        for line in text.splitlines(keepends=True):
            try:
                records += csv.reader([line], delimiter=delimiter, strict=True)
            except csv.Error:
                records.append(["unparsable"])
        return records


def rows_of(file: LandedFile, reading: Reading, *, status: bool) -> list[Row]:
    text = text_of(file)
    if not text:
        reading.rejected_files["empty_file"] += 1
        return []
    if not text.endswith("\n"):
        reading.rejected_files["truncated"] += 1
        return []
    header, *records = parsed(text)
    names = [name.lower().replace(" ", "_") for name in header]
    if status and "status" not in names:
        reading.rejected_files["schema"] += 1
        return []
    reading.rejected_items["unparsable"] += sum(len(record) != len(names) for record in records)
    return [dict(zip(names, r, strict=True)) for r in records if len(r) == len(names)]


def order_error(order: Row, unit: int) -> str:
    if not order["id_pedido"]:
        return "missing_required"
    if int(order["id_unidade"]) != unit:
        return "unit_mismatch"
    if order["status"] not in {"Finalizado", "Pendente", "Cancelado"}:
        return "bad_status"
    try:
        Decimal(order["vlr_pedido"])
    except InvalidOperation:
        return "bad_amount"
    try:
        dt.date.fromisoformat(order["data_pedido"])
    except ValueError:
        return "bad_date"
    return ""


def item_error(item: Row, ids: set[str]) -> str:
    if item["id_pedido"] not in ids:
        return "no_order"
    try:
        Decimal(item["vlr_item"])
    except InvalidOperation:
        return "bad_amount"
    return "" if 301 <= int(item["id_produto"]) <= 330 else "unknown_product"


def read(files: Iterable[LandedFile]) -> Reading:
    """Apply the rules: newest version of a delivery, later line of a key, items by order id."""
    newest: dict[tuple[str, str, bool], LandedFile] = {}
    for file in sorted(files, key=lambda file: file.modified_at):
        _, day, unit, *_ = file.path.split("/")
        newest[day, unit, "item" in file.path.lower()] = file
    reading = Reading()
    for day, folder in {key[:2]: None for key in newest}:
        sent_orders = newest.get((day, folder, False))
        sent_items = newest.get((day, folder, True))
        orders: dict[tuple[str, str], Row] = {}
        for order in rows_of(sent_orders, reading, status=True) if sent_orders else []:
            reason = order_error(order, int(folder.removeprefix("unidade_")))
            key = order["id_pedido"], order["data_pedido"]
            reading.rejected_orders[reason or "repeated"] += bool(reason) or key in orders
            if not reason:
                orders[key] = order
        items: dict[str, dict[str, Decimal]] = {order_id: {} for order_id, _ in orders}
        for item in rows_of(sent_items, reading, status=False) if sent_items else []:
            reason = item_error(item, set(items))
            if not reason and item["id_item_pedido"] in items[item["id_pedido"]]:
                reason = "repeated"
            reading.rejected_items[reason] += bool(reason)
            if not reason:
                total = int(item["qtd"]) * Decimal(item["vlr_item"])
                items[item["id_pedido"]][item["id_item_pedido"]] = total
        for (order_id, order_day), order in orders.items():
            totals = reading.days[dt.date.fromisoformat(order_day)]
            value = Decimal(order["vlr_pedido"])
            lines = items[order_id].values()
            totals.orders += 1
            totals.items += len(lines)
            if order["status"] == "Finalizado":
                totals.finished += 1
                totals.revenue += value
            reading.unreconciled += value != sum(lines) + Decimal(order["taxa_entrega"])
    return reading
