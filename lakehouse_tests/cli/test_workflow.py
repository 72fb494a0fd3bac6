"""The commands one after another, over generated deliveries."""

import csv
import io
import json
from pathlib import Path
from typing import Any

from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse_tests.cli.conftest import Call

ORDERS = TableId("silver", "mrhealth", "orders")


def rows(call: Call, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(call(*words, "--format", "json").stdout)
    return found


def one(call: Call, sql: str) -> Any:
    (row,) = rows(call, "sql", sql)
    (value,) = row.values()
    return value


def versions(folder: Path, day: str) -> list[str]:
    """Return the data versions of one day of silver orders and of its companion tables."""
    lake = Lake(str(folder / "lake"))
    companions = (None, "quarantine", "outcomes")
    tables = [TableId("silver", "mrhealth", "orders", companion) for companion in companions]
    return [
        file.data_version
        for table in tables
        for file in lake.table(table).snapshot().files
        if str(file.day) == day
    ]


def test_deliveries_are_ingested_queried_corrected_rolled_back_and_vacuumed(
    call: Call, folder: Path
) -> None:
    plan = ("--units", "5", "--days", "3", "--first", "2026-01-05", "--errors", "10")
    call("generate", "mrhealth", "out", *plan)
    call("land", "mrhealth", "out")
    call("ingest")
    assert "nothing to do" in call("ingest").stderr

    assert one(call, "select count(*) from ops.deliveries") == sum(
        path.is_file() for path in (folder / "out").rglob("*")
    )
    balances = list(csv.DictReader(io.StringIO(call("reconcile", "--format", "csv").stdout)))
    assert {row["balance"] for row in balances} == {"balanced"}
    rejected = rows(call, "quarantine", "list")
    assert sum(row["rows"] for row in rejected if row["kind"] == "row") == one(
        call, "select count(*) from ops.quarantine where layer = 'silver'"
    )
    shown = {row["reason"] for row in rejected}
    assert {
        reason for row in rows(call, "quarantine", "show") for reason in row["reasons"]
    } <= shown

    complete_files = (
        "select c.day, c.unit, c.file, c.digest from ops.reconciliation c where c.table = 'orders'"
        " and c.bronze_rows > 3 and c.bronze_rows = (select count(*) from silver.mrhealth_orders o"
        " where o.day = c.day and o.unit_id = c.unit) and not c.file like '%.gz' order by 1, 2"
    )
    delivery = rows(call, "sql", complete_files)[0]
    landed = (folder / "landing" / delivery["file"]).read_bytes()
    assert call("raw", "cat", delivery["digest"][:12]).stdout_bytes == landed

    day, unit = delivery["day"], str(delivery["unit"])
    count = f"select count(*) from silver.mrhealth_orders where day = '{day}' and unit_id = {unit}"
    before, kept_before = one(call, count), versions(folder, day)
    again = (folder / "landing" / delivery["file"]).parent / "reenvio/PEDIDO.csv"
    again.parent.mkdir(exist_ok=True)
    again.write_bytes(landed[: landed.rstrip().rindex(b"\n") + 1])
    call("ingest", "--domain", "mrhealth", "--from", day, "--to", day)
    assert one(call, count) == before - 1
    assert versions(folder, day) != kept_before

    newest, *older = rows(call, "history", ORDERS.name)
    assert newest["version"] > older[0]["version"]
    back = ("rollback", ORDERS.name, "--to", str(older[0]["version"]), "--day", day, "--yes")
    rolled_back = call(*back)
    assert one(call, count) == before
    assert versions(folder, day) == kept_before
    assert "--table gold.mrhealth_unit_day" in rolled_back.stderr
    assert "already" in call(*back).stderr

    rebuild = ("materialize", "--table", ORDERS.name, "--from", day, "--to", day)
    call(*rebuild)
    assert one(call, count) == before - 1

    dry = rows(call, "vacuum", "--older-than", "0")
    assert {row["table"] for row in dry} >= {ORDERS.name}
    assert rows(call, "vacuum", "--older-than", "0", "--delete") == dry
    assert rows(call, "vacuum", "--older-than", "0") == []
    assert "vacuumed" in call(*back, code=1).stderr
    assert one(call, count) == before - 1
