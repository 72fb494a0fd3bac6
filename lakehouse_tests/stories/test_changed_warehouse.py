"""Contracts and declarations change, and the warehouse in PostgreSQL follows or says why not."""

from collections.abc import Mapping
from contextlib import closing
from typing import Any

import psycopg2
import pytest

from lakehouse.platform.serving.warehouse import loading
from lakehouse.platform.serving.warehouse.declaration import Warehouse, warehouse_table
from lakehouse.platform.serving.warehouse.loading import LoadError
from lakehouse.platform.storage.errors import OlderDays
from lakehouse_tests.stories import changing_cafe as cafe
from lakehouse_tests.stories.changing_cafe import BASE, Shape
from lakehouse_tests.stories.test_changed_contracts import THU, House, Open, code, house

__all__ = ["code", "house"]

pytestmark = pytest.mark.postgres

GUESTS = {"guests": "SELECT guest, count(*) AS visits FROM {schema}.visits GROUP BY 1"}


def declared(shape: Shape, views: Mapping[str, str] = GUESTS, *, days: bool = True) -> Warehouse:
    """Return a warehouse of the visits, and of their days if they belong to it."""
    domain = shape.domain()
    tables = [warehouse_table(domain.table("silver", "visits"))]
    if days:
        tables.append(warehouse_table(domain.table("gold", "visit_days")))
    return Warehouse(schema="cafe", tables=tuple(tables), views=views)


def load(house: House, dsn: str, warehouse: Warehouse, schema: str) -> list[str]:
    """Load the warehouse; return what the load warned about."""
    warnings: list[str] = []
    tables = loading.load(
        warehouse, dsn, house.lake, house.settings, schema, on_warning=warnings.append
    )
    assert all(table.rows for table in tables)
    return warnings


def run(dsn: str, *statements: str) -> list[tuple[Any, ...]]:
    """Run statements in PostgreSQL; return the rows of the last one."""
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


def test_a_load_after_a_changed_contract_warns_or_fails_and_keeps_the_rights_of_readers(
    house: House, code: Open, postgres: str
):
    assert load(house, postgres, declared(BASE), "cafe_changed") == []
    run(
        postgres,
        "CREATE ROLE cafe_reader",
        "GRANT USAGE ON SCHEMA cafe_changed TO cafe_reader",
        "GRANT SELECT ON cafe_changed.visits, cafe_changed.guests TO cafe_reader",
        "GRANT UPDATE (guest, spent) ON cafe_changed.visits TO cafe_reader WITH GRANT OPTION",
    )
    house.shape = cafe.NOTE
    code(cafe.NOTE)
    with pytest.raises(OlderDays, match=r"has no column note\. hint: lakehouse migrate"):
        load(house, postgres, declared(cafe.NOTE), "cafe_changed")
    house.send(THU, "6,2024-01-04,7,Ana")
    house.run()
    older = sorted(load(house, postgres, declared(cafe.NOTE), "cafe_changed"))
    assert [text.partition(" made with an older")[0] for text in older] == [
        f"{table}: 3 days (2024-01-01 to 2024-01-03)"
        for table in ("gold.cafe_visit_days", "silver.cafe_visits")
    ]

    house.shape = cafe.HALF
    code(cafe.HALF)
    house.send(THU, "6,2024-01-04,17,Ana")
    house.run()
    with pytest.raises(OlderDays, match=r"has no column half\. hint: lakehouse migrate"):
        load(house, postgres, declared(cafe.HALF), "cafe_changed")
    assert run(postgres, "SELECT sum(spent) FROM cafe_changed.visits") == [(157,)]
    house.migrate()
    assert load(house, postgres, declared(cafe.HALF), "cafe_changed") == []
    assert run(postgres, "SELECT sum(spent), sum(half) FROM cafe_changed.visits") == [(167, 83)]

    house.shape = cafe.RENAMED
    code(cafe.RENAMED)
    house.migrate()
    with pytest.raises(LoadError, match='view guests: column "guest" does not exist'):
        load(house, postgres, declared(cafe.RENAMED), "cafe_changed")
    visitors = {"guests": "SELECT visitor FROM {schema}.visits"}
    (warning,) = load(house, postgres, declared(cafe.RENAMED, visitors), "cafe_changed")
    assert "column visits.guest, which no longer exists" in warning
    assert "GRANT UPDATE (guest)" in warning
    rights = run(
        postgres,
        "SET ROLE cafe_reader",
        "SELECT has_table_privilege('cafe_changed.visits', 'select'),"
        " has_table_privilege('cafe_changed.guests', 'select'),"
        " has_column_privilege('cafe_changed.visits', 'spent', 'update with grant option')",
    )
    assert rights == [(True, True, True)]


def test_what_the_declaration_no_longer_has_is_dropped_and_what_others_made_stays(
    house: House, postgres: str
):
    load(house, postgres, declared(BASE), "cafe_less")
    run(postgres, "CREATE TABLE cafe_less.notes AS SELECT 1 AS number")
    warnings = load(house, postgres, declared(BASE, {}, days=False), "cafe_less")
    assert warnings == [
        "view guests is no longer declared and was dropped",
        "table visit_days is no longer declared and was dropped",
    ]
    relations = "SELECT relname FROM pg_class WHERE relnamespace = 'cafe_less'::regnamespace"
    kinds = f"{relations} AND relkind IN ('r', 'v') ORDER BY 1"
    assert run(postgres, kinds) == [("notes",), ("visits",)]

    run(postgres, "CREATE VIEW cafe_less.mine AS SELECT guest FROM cafe_less.visits")
    with pytest.raises(LoadError, match=r"view cafe_less.mine depends on .* hint: drop"):
        load(house, postgres, declared(BASE), "cafe_less")
    run(postgres, "DROP VIEW cafe_less.mine")
    assert load(house, postgres, declared(BASE), "cafe_less") == []
    loading.drop(declared(BASE, {}, days=False), postgres, "cafe_less")
    assert run(postgres, kinds) == [("notes",)]
