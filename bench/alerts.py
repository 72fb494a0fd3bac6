"""Write a scenario with incidents as real deliveries, and the labels of its incidents beside them.

    python -m bench.alerts --folder /tmp/alerts --seed 41
    export LAKEHOUSE_LANDING=/tmp/alerts/landing LAKEHOUSE_ROOT=/tmp/alerts/lake
    export DAGSTER_HOME=/tmp/alerts/dagster
    lakehouse ingest --domain mrhealth
    lakehouse alerts backtest --from FIRST --to LAST --labels /tmp/alerts/labels.jsonl

The first command prints FIRST and LAST. `lakehouse alerts backtest --seeds` measures many seeds
without files.
"""

import argparse
import datetime as dt
import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from lakehouse.demo.files import LandedFile, csv_text, moment
from lakehouse.demo.mrhealth.business import (
    COUNTRIES,
    DIALECT_A,
    FIRST_PRODUCT,
    PRODUCTS,
    STATES,
    city_of,
    state_of,
)
from lakehouse.demo.mrhealth.scenario import Scenario, deliveries, labels, scenario_of


def reference(scenario: Scenario) -> Iterator[LandedFile]:
    """Yield the reference tables of the first day, and again when units or products change."""
    conditions = scenario.conditions
    one_day = dt.timedelta(days=1)
    changes = {scenario.plan.first, *conditions.opens.values(), *conditions.retired.values()}
    changes |= {day + one_day for day in conditions.closes.values()}
    for day in sorted(changes):
        menu = [
            (number, name)
            for number, (name, _) in enumerate(PRODUCTS, start=FIRST_PRODUCT)
            if day < conditions.retired.get(number, dt.date.max)
        ]
        units = [
            (unit, f"Mr Health - {city_of(unit)} {unit:02d}", state_of(unit))
            for unit in scenario.units(day)
        ]
        tables: dict[str, list[tuple[object, ...]]] = {
            "Tabela_Produto": [("Id_Produto", "Nome_Produto"), *menu],
            "Tabela_Unidade": [("Id_Unidade", "Nome_Unidade", "Id_Estado"), *units],
            "Tabela_Estado": [("id_estado", "id_pais", "nome_estado"), *STATES],
            "Tabela_Pais": [("Id_Pais", "Nome_Pais"), *COUNTRIES],
        }
        for name, rows in tables.items():
            text = csv_text(rows, DIALECT_A.line_end)
            path = f"mrhealth/{day}/reference/{name}.csv"
            yield LandedFile(path, DIALECT_A.encode(text), moment(day, 6))


def main() -> None:
    """Write landing zone and labels."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=41)
    parser.add_argument("--units", type=int, default=10)
    parser.add_argument("--days", type=int, default=120)
    parser.add_argument("--orders", type=float, default=40)
    given = parser.parse_args()
    scenario = scenario_of(
        given.seed,
        first=dt.date(2026, 1, 5),
        days=given.days,
        units=given.units,
        orders_per_unit=given.orders,
        rounds=1,
    )
    landing = given.folder / "landing"
    for file in chain(reference(scenario), deliveries(scenario)):
        path = landing / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.data)
        at = int(file.modified_at.timestamp())
        os.utime(path, (at, at))
    (given.folder / "labels.jsonl").write_text(labels(scenario), "utf-8")
    print(f"FIRST={scenario.first_incident_day} LAST={scenario.last}")


if __name__ == "__main__":
    main()
