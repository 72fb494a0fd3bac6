"""A small lake with a rejected row and a rejected line, and an export that is edited."""

import csv
import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path

from lakehouse_tests.platform.small_lake import SmallLake

MONDAY, TUESDAY = dt.date(2026, 10, 5), dt.date(2026, 10, 6)
NIGHT = dt.datetime(2026, 10, 7, 3, tzinfo=dt.UTC)
NOW = dt.datetime(2026, 10, 9, 12, tzinfo=dt.UTC)
ORDERS = (
    "Id_Unidade,Id_Pedido,Tipo_Pedido,Data_Pedido,Vlr_Pedido,Endereco Entrega,Taxa_Entrega,Status"
    "\r\n"
)
ITEMS = "Id_Pedido;Id_Item_Pedido;Id_Produto;Qtd;Vlr_Item;Observacao\n"
RIGHT_ORDERS = (
    "\ufeff"
    + ORDERS
    + '1,10,"Loja Física",2026-10-05,30.00,"Rua A, 1",5.00,Finalizado\r\n'
    + '1,11,"Loja Online",2026-10-05,12.00,--,0.00,Finalizado\r\n'
    + '1,12,"Loja Online",2026-10-04,12.50,"--",0.00,Cancelado\r\n'
)
WRONG_ORDERS = RIGHT_ORDERS.replace("12.00,--,0.00,Finalizado", "twelve,--,0.00,Finalizado")
RIGHT_ITEMS = (
    ITEMS
    + '10;1;1;2;10,00;"sem\nsal"\n'
    + "10;2;2;1;5,00;\n"
    + "11;1;3;1;12,00;é bom\n"
    + "12;1;1;1;12,50;\n"
)
WRONG_ITEMS = RIGHT_ITEMS.replace("10;2;2;1;5,00;\n", "10;2;2;1;5,00;;\n").replace(
    "12;1;1;1;12,50", "12;1;99;1;12,50"
)


def lake_of(
    folder: Path, orders: str, items: str, layers: tuple[str, ...] = ("bronze", "silver", "gold")
) -> SmallLake:
    """Return a lake of two units and two days; Monday of unit 1 has these orders and items."""
    small = SmallLake(folder=folder, now=NOW)
    small.land_reference(dt.datetime(2026, 10, 4, 1, tzinfo=dt.UTC))
    small.land(f"{MONDAY}/unidade_001/PEDIDO.csv", orders, NIGHT)
    small.land(f"{MONDAY}/unidade_001/ITEM_PEDIDO.csv", items.encode("latin-1"), NIGHT)
    other = ORDERS + "2,10,Loja Fisica,{},9.00,--,0.00,Finalizado\r\n"
    small.land(f"{MONDAY}/unidade_002/PEDIDO.csv", other.format(MONDAY), NIGHT)
    small.land(f"{MONDAY}/unidade_002/ITEM_PEDIDO.csv", ITEMS + "10;1;1;1;9,00;\n", NIGHT)
    small.land(f"{TUESDAY}/unidade_002/PEDIDO.csv", other.format(TUESDAY), NIGHT)
    small.land(f"{TUESDAY}/unidade_002/ITEM_PEDIDO.csv", ITEMS + "10;1;2;1;9,00;\n", NIGHT)
    small.arrive([dt.date(2026, 10, 4), MONDAY, TUESDAY], layers)
    return small


def edited(path: Path, edit: Callable[[dict[str, str]], object]) -> None:
    """Edit every row of an exported CSV file and save it as a spreadsheet does, with semicolons."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        rows = list(reader)
    for row in rows:
        edit(row)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, rows[0].keys(), delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8")
