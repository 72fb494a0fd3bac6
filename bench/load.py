"""Measure how long definitions take to load, beyond Dagster's own import.

python -m bench.load --tables 100   declarations of a test
python -m bench.load --all          those of the lakehouse
"""

import argparse
import json

from bench.measure import spent


def loaded(count: int) -> dict[str, float]:
    """Return processor and wall seconds of Dagster's import, our libraries and the tables."""
    start = spent()
    import dagster as dg

    dagster = spent()
    import ibis.expr.types as ir

    from lakehouse.domains.mrhealth import SPEC
    from lakehouse.domains.mrhealth.silver.orders import Orders, orders
    from lakehouse.platform.orchestration.code_location import definitions_of, shared_definitions
    from lakehouse.platform.storage.table_id import TableId
    from lakehouse.platform.tables.declare import declare_table
    from lakehouse.platform.tables.registry import Domain
    from lakehouse.settings import Settings

    libraries = spent()

    def copied(upstream: ir.Table) -> ir.Table:
        """Return the orders with a positive value."""
        return upstream.filter(upstream.order_value > 0)

    tables = tuple(
        declare_table(
            copied,
            table=TableId("gold", SPEC.name, f"table_{n}"),
            contract=type(f"Orders{n}", (Orders,), {"__doc__": "Orders."}),
            reads=[orders],
        )
        for n in range(count)
    )
    made = Domain(spec=SPEC, sources=(), tables=tables)
    dg.Definitions.merge(
        shared_definitions(), definitions_of(made, Settings())
    ).get_repository_def()
    done = spent()
    steps = {
        "dagster": dagster - start,
        "libraries": libraries - dagster,
        "tables": done - libraries,
    }
    return {
        **{
            f"{name}_{kind}": value
            for name, took in steps.items()
            for kind, value in took.as_json().items()
        },
        "over_dagster_cpu_seconds": round((done - dagster).cpu, 2),
        "over_dagster_seconds": round((done - dagster).wall, 2),
    }


def all_loaded() -> dict[str, float]:
    """Return the seconds of the lakehouse's own definitions beyond Dagster's import."""
    import dagster as dg

    start = spent()
    from lakehouse.definitions import defs

    assert isinstance(defs, dg.Definitions)
    defs.get_repository_def()
    took = spent() - start
    return {
        "over_dagster_cpu_seconds": round(took.cpu, 2),
        "over_dagster_seconds": round(took.wall, 2),
    }


def main() -> None:
    words = argparse.ArgumentParser(prog="bench.load", description=__doc__)
    words.add_argument("--tables", type=int, default=100)
    words.add_argument("--all", action="store_true", help="the lakehouse's own definitions")
    given = words.parse_args()
    print(json.dumps(all_loaded() if given.all else loaded(given.tables)))


if __name__ == "__main__":
    main()
