"""Reject every row of one day; measure memory and time of the transform, and count what is stored.

    python -m bench.rejected_day --folder FOLDER [--rows 1000000] [--engine duckdb|spark]

The rows are orders of Mr. Health in bronze, without a status. Quarantine must hold each of them,
with its values as they were delivered. The version of its day is printed: it is equal for both
engines. A folder that has the rows of an earlier run already is used again.
"""

import argparse
import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from bench.engines import watched
from bench.measure import child, spent
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.registry import load_domain
from lakehouse.platform.tables.table import Table
from lakehouse.platform.transform.outcomes import outcomes_of, quarantine_of

DAY = dt.date(2026, 1, 5)
BATCH = 100_000
FILE_ROWS = 1_000


def orders() -> Table:
    """Return the table of orders, in silver."""
    return load_domain("mrhealth").table("silver", "orders")


def batches(schema: pa.Schema, rows: int) -> Iterator[pa.Table]:
    """Yield orders without a status, each with a number of its own."""
    for first in range(0, rows, BATCH):
        numbers = range(first, min(first + BATCH, rows))
        yield pa.table([values(column, numbers) for column in schema], schema=schema)


def _nothing(_: int) -> None:
    """Return null for a column that no row has."""


def values(column: pa.Field, numbers: range) -> pa.Array:
    """Return the values of a column of bronze for rows with these numbers."""
    at = dt.datetime.combine(DAY, dt.time(5))
    known: dict[str, Callable[[int], object]] = {
        "_file": lambda n: f"mrhealth/{DAY}/unidade_{n // FILE_ROWS:04d}/PEDIDO.csv",
        "_line": lambda n: n % FILE_ROWS + 2,
        "_digest": lambda n: f"{n // FILE_ROWS:064x}",
        "_delivered_at": lambda _: at,
        "_unit": lambda n: n // FILE_ROWS,
        "_business_day": lambda _: DAY,
        "_superseded": lambda _: False,
        "Id_Unidade": lambda n: str(n // FILE_ROWS),
        "Id_Pedido": str,
        "Data_Pedido": lambda _: str(DAY),
        "Vlr_Pedido": lambda n: f"{n % 9_999 / 100:.2f}",
        "Endereco_Entrega": lambda n: f"Rua das Palmeiras {n % 977}, apartamento {n % 61}",
        "Tipo_Pedido": lambda _: "Loja Online",
        "Taxa_Entrega": lambda _: "1.00",
    }
    made: Callable[[int], object] = known.get(column.name, _nothing)
    return pa.array([made(n) for n in numbers], column.type)


def write(folder: Path, rows: int) -> dict[str, Any]:
    """Write the day in bronze."""
    (read, *_) = orders().reads
    bronze = Lake(str(folder / "lake")).table(read.table.id)
    schema = read.table.contract.schema.to_pyarrow()
    stored = schema.remove(schema.get_field_index("day"))
    staged = bronze.stage(DAY, batches(stored, rows), stored)
    bronze.commit([staged], schema=stored)
    return {"rows": rows}


def stage(folder: Path) -> dict[str, Any]:
    """Compute the day of the table and commit what became of its rows."""
    started = spent()
    from lakehouse.platform.orchestration.io_manager import commit
    from lakehouse.platform.transform.stage import stage_days
    from lakehouse.settings import Settings

    table, lake = orders(), Lake(str(folder / "lake"))
    imported, start = spent() - started, spent()
    done = stage_days(table, [DAY], lake, Settings.from_env())
    commit(done, lake, note={})
    found = {
        place.companion: lake.table(place).snapshot().by_day[DAY]
        for place in (quarantine_of(table.id), outcomes_of(table.id))
    }
    return {
        "import_cpu_seconds": round(imported.cpu, 2),
        "seconds": round((spent() - start).wall, 2),
        "engine": done.engine,
        "reasons": dict(done.reasons),
        "quarantine": found["quarantine"].rows,
        "outcomes": found["outcomes"].rows,
        "version": found["quarantine"].data_version,
    }


def main() -> None:
    words = argparse.ArgumentParser(prog="bench.rejected_day", description=__doc__)
    words.add_argument("--folder", type=Path, required=True)
    words.add_argument("--rows", type=int, default=1_000_000)
    words.add_argument("--engine", default="duckdb")
    words.add_argument("--master", default="local-cluster[2,1,1024]")
    words.add_argument("--step", choices=["write", "stage"], help="only this part, in this process")
    given = words.parse_args()
    if given.step == "write":
        print(json.dumps(write(given.folder, given.rows)))
    elif given.step == "stage":
        print(json.dumps(stage(given.folder)))
    else:
        place = ("--folder", str(given.folder), "--rows", str(given.rows))
        if not (given.folder / "lake").exists():
            child("bench.rejected_day", "--step", "write", *place)
        environment = {
            "LAKEHOUSE_ROOT": str(given.folder / "lake"),
            "LAKEHOUSE_ENGINE": given.engine,
            "LAKEHOUSE_SPARK_MIN_ROWS": "0",
            "LAKEHOUSE_SPARK_MASTER": given.master,
        }
        found = watched(["bench.rejected_day", "--step", "stage", *place], environment)
        print(json.dumps(found))
        if found["quarantine"] != given.rows:
            raise SystemExit(f"quarantine has {found['quarantine']} rows, expected {given.rows}")


if __name__ == "__main__":
    main()
