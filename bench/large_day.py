"""Write one day that is larger than any process of a Spark cluster, and compare its contents.

    python -m bench.large_day --folder /tmp/large-day [--rows 40000000]

A standalone master, two workers of 1 GB and a driver of 512 MB compute generated order items of one
day through the platform's own session and commit them to a table. The sums of every column are
compared with those that DuckDB computes for the same expression. Peak memory is the largest
resident size of a process (VmHWM); that of a Python worker is beside its executor's memory.
"""

import argparse
import datetime as dt
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from bench.latency import free_port
from lakehouse.platform.engines.session import Session, arrow_schema, session
from lakehouse.platform.storage.delta_table import LakeTable
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.settings import Settings

DAY = dt.date(2026, 1, 5)
FACTOR = 7919
"""A prime: multiplied by it, the numbers of rows come in another order than that of the key."""
DRIVER_MB, WORKER_MB, WORKERS = 512, 1024, 2


def items(rows: int) -> ir.Table:
    """Return generated order items of one day over the relation of their numbers."""
    numbers = ibis.table({"id": "int64"}, name="numbers")
    key = (numbers.id * FACTOR) % rows
    return numbers.select(
        day=ibis.literal(DAY),
        order_id=key // 4,
        item=key % 4,
        product=key % 997,
        quantity=key % 7 + 1,
        price=((key % 9_999).cast("decimal(14, 2)") / 100).cast("decimal(14, 2)"),
        note=ibis.literal("item ") + (key % 1_000).cast("string"),
    )


def sums(table: ir.Table) -> ir.Table:
    """Return one row with the count and a sum of each column."""
    return table.agg(
        rows=table.count(),
        orders=table.order_id.sum(),
        items=table.item.sum(),
        products=table["product"].sum(),
        quantities=table.quantity.sum(),
        amount=(table.price.cast("decimal(38, 2)")).sum(),
        letters=table.note.length().sum(),
        first=table.note.min(),
        last=table.note.max(),
    )


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """Run a standalone master with its workers, which keep files in a folder; give its URL."""
    import pyspark

    home = Path(pyspark.__file__).parent
    environment = {**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"}
    environment["SPARK_DAEMON_MEMORY"] = "256m"
    port = free_port()
    url = f"spark://127.0.0.1:{port}"
    deploy, run = "org.apache.spark.deploy", str(home / "bin" / "spark-class")
    master = ["master.Master", "--host", "127.0.0.1", "--port", str(port)]
    worker = ["worker.Worker", url, "-c", "1", "-m", f"{WORKER_MB}m", "--host", "127.0.0.1"]
    worker += ["--work-dir", str(folder / "work")]
    commands = [[*master, "--webui-port", str(free_port())]]
    commands += [[*worker, "--webui-port", str(free_port())] for _ in range(WORKERS)]
    servers = [
        subprocess.Popen(
            [run, f"{deploy}.{name}", *arguments],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for name, *arguments in commands
    ]
    try:
        yield url
    finally:
        for server in servers:
            server.terminate()
        for server in servers:
            server.wait()


def peaks() -> dict[str, int]:
    """Return the largest resident size of each kind of process below this one, in MB."""
    kinds = {
        b"org.apache.spark.executor.CoarseGrainedExecutorBackend": "executor",
        b"org.apache.spark.deploy.SparkSubmit": "driver",
        b"pyspark.daemon": "python worker",
    }
    found = {"driver, Python": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}
    for folder in below(os.getpid()):
        words = (folder / "cmdline").read_bytes().split(b"\0")
        peak = (folder / "status").read_text().partition("VmHWM:")[2].split()
        for kind in (kinds[word] for word in words if word in kinds and peak):
            found[kind] = max(found.get(kind, 0), int(peak[0]) // 1024)
    return found


def below(process: int) -> Iterator[Path]:
    """Yield the folders in /proc of the processes that a process started, and of theirs."""
    for task in Path(f"/proc/{process}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield Path("/proc", child)
            yield from below(int(child))


def write_day(opened: Session, rows: int, table: LakeTable) -> None:
    """Compute the items and commit their day."""
    expression = items(rows)
    schema = arrow_schema(expression.schema())
    kept = opened.keep("items", expression)
    ordered = kept.order_by("day", "order_id", "item")
    staged = opened.stage_days(ordered, [DAY], table, schema, read_rows=rows)
    table.commit(staged, schema=schema.remove(schema.get_field_index("day")))


def stored_sums(table: LakeTable, rows: int) -> list[dict[str, Any]]:
    """Return the sums of the stored rows, and of the expression, both by DuckDB."""
    found = []
    schema = items(rows).schema()
    with session(Settings(engine="duckdb", memory="1GB", threads=1)) as opened:
        opened.files("items", table.snapshot().urls(), schema)
        found += opened.table(sums(ibis.table(schema, name="items"))).to_pylist()
        opened.connection.execute(  # type: ignore[attr-defined]
            f"CREATE VIEW numbers AS SELECT range AS id FROM range({rows})"
        )
        found += opened.table(sums(items(rows))).to_pylist()
    return found


def main() -> None:
    """Write the day and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", required=True, type=Path, help="for the lake; must not exist")
    parser.add_argument("--rows", type=int, default=40_000_000)
    given = parser.parse_args()
    given.folder.mkdir(parents=True)
    os.environ["PYSPARK_SUBMIT_ARGS"] = f"--driver-memory {DRIVER_MB}m pyspark-shell"
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    os.environ["SPARK_LOCAL_DIRS"] = str(given.folder / "spark")
    table = Lake(str(given.folder / "lake")).table(TableId("gold", "bench", "items"))
    with cluster(given.folder) as url:
        settings = Settings(engine="spark", spark_master=url)
        with session(settings) as opened:
            numbers = opened.spark.range(0, given.rows, 1, 16)  # type: ignore[attr-defined]
            numbers.createOrReplaceTempView("numbers")
            start = time.perf_counter()
            write_day(opened, given.rows, table)
            seconds = time.perf_counter() - start
            memory = peaks()
            opened.spark.stop()  # type: ignore[attr-defined]
    stored, expected = stored_sums(table, given.rows)
    (day,) = table.snapshot().files
    report = {
        "rows": day.rows,
        "files": len(day.parts),
        "bytes": day.size,
        "seconds": round(seconds),
        "peak MB": memory,
        "equal": stored == expected,
    }
    json.dump(report, sys.stdout, indent=1)
    print()
    if stored != expected:
        raise SystemExit(f"the rows differ:\n{stored}\n{expected}")


if __name__ == "__main__":
    main()
