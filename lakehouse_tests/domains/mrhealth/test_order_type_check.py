"""Orders whose channel is unknown are stored and reported with their texts."""

import ibis
import pyarrow as pa

from lakehouse.domains.mrhealth.quality import unknown_channels
from lakehouse.domains.mrhealth.sources import ORDERS
from lakehouse.platform.engines.session import arrow_schema
from lakehouse_tests.domains.mrhealth.rows import MONDAY, order_row


def measured(rows):
    schema = arrow_schema(ORDERS.bronze.contract.schema)
    given = [dict.fromkeys(schema.names) | row for row in rows]
    table = ibis.memtable(pa.Table.from_pylist(given, schema=schema))
    return unknown_channels(table).to_pyarrow().to_pylist()


def test_unknown_channels_are_listed_by_text_with_the_first_place():
    rows = [
        order_row(_line=2),
        order_row(_line=3, Tipo_Pedido="Balcão"),
        order_row(_line=4, Tipo_Pedido="Balcão "),
        order_row(_line=5, Tipo_Pedido=None),
        order_row(_line=6, Tipo_Pedido="Outro", _superseded=True),
    ]
    (found,) = measured(rows)
    file = rows[0]["_file"]
    assert (found["day"], found["found"]) == (MONDAY, 3)
    assert found["names"] == [f"Balcão: 2 ({file} line 3)", f"empty: 1 ({file} line 5)"]
