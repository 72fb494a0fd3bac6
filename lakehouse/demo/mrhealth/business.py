"""Describe the sample business: its places, its menu, and how its tills write files."""

import datetime as dt
import gzip
from dataclasses import dataclass, replace
from itertools import accumulate
from random import Random

from lakehouse.demo.files import moment, money

STATES = (  # id, country, name
    (43, "BR", "Rio Grande do Sul"),
    (42, "BR", "Santa Catarina"),
    (41, "BR", "Paraná"),
    (61, "AR", "Mendoza"),
    (62, "AR", "Misiones"),
    (71, "CL", "Maule"),
)
COUNTRIES = (("BR", "Brasil"), ("AR", "Argentina"), ("CL", "Chile"))
CITIES = {
    43: ("Gravataí", "Caxias do Sul", "Viamão", "Pelotas", "Ijuí", "São Leopoldo", "Bagé"),
    42: ("Florianópolis", "Joinville", "Chapecó", "Criciúma", "Itajaí", "Tubarão", "Timbó"),
    41: ("Maringá", "Londrina", "Foz do Iguaçu", "Paranaguá", "Araucária", "Ibiporã"),
}
# 8 of 20 units in RS, 7 in SC, 5 in PR, interleaved so that a few units already mix.
STATE_OF_UNIT = (43, 42, 41, 43, 42, 43, 42, 41, 43, 42, 43, 42, 41, 43, 42, 43, 41, 42, 43, 41)
INITIALS = {43: "RS", 42: "SC", 41: "PR"}

PRODUCTS = (  # name, price in cents; the id is the place in this list, from 301
    ("Hambúrguer de Grão-de-Bico", 3490),
    ("Hambúrguer de Lentilha com Beterraba", 3390),
    ("Filé de Tilápia com Purê de Mandioquinha", 5290),
    ("Moqueca de Palmito", 4690),
    ("Strogonoff de Cogumelos", 4490),
    ("Risoto de Abóbora", 4390),
    ("Lasanha de Berinjela", 4190),
    ("Escondidinho de Batata-Doce", 3890),
    ("Nhoque de Mandioca ao Sugo", 3790),
    ("Arroz de Couve-Flor com Legumes", 3290),
    ("Omelete de Espinafre", 2690),
    ("Crepioca de Frango", 2490),
    ("Tapioca de Queijo Coalho", 2290),
    ("Panqueca de Aveia com Banana", 2190),
    ("Caldo Verde", 2390),
    ("Creme de Ervilha", 2290),
    ("Salada Caesar com Grelhado", 3190),
    ("Salada de Quinoa e Manga", 2990),
    ("Ceviche de Caju", 2890),
    ("Pão de Queijo com Chia", 990),
    ("Empada Integral de Palmito", 1290),
    ("Coxinha de Jaca", 1190),
    ("Chips de Mandioca", 1490),
    ("Água de Coco", 1090),
    ("Suco Verde com Gengibre", 1390),
    ("Limonada com Capim-Santo", 1290),
    ("Mate Gelado com Hortelã", 790),
    ("Kombucha de Maracujá", 1690),
    ("Pudim de Leite de Coco", 1590),
    ("Brigadeiro de Biomassa", 890),
)
FIRST_PRODUCT = 301
UNKNOWN_PRODUCT = "999"

STREETS = (
    "Rua das Figueiras",
    "Rua Sete de Abril",
    "Av. Beira-Rio",
    "Rua João de Barro",
    "Av. dos Imigrantes",
    "Travessa do Sabiá",
    "Rua Conceição",
    "Estrada da Serra",
)
NOTES = (
    "",
    "",
    "",
    "",
    "Sem pimenta-do-reino",
    "Pão à parte",
    "Retirar o tomate, por favor",
    "Cliente alérgico a amendoim",
    "Trocar o suco; sem gelo",
    'Escrever "Parabéns, vó" na caixa',
    "Cortar em quatro",
    "Açúcar à parte, colher também",
)
STATUSES = ("Finalizado", "Pendente", "Cancelado")
STATUS_LIMITS = (0.85, 0.95)
ITEM_COUNT_WEIGHTS = (0.25, 0.30, 0.25, 0.12, 0.08)  # of 1 to 5 items, 2.48 in the mean
ITEM_COUNT_LIMITS = tuple(accumulate(ITEM_COUNT_WEIGHTS))[:-1]
ONLINE_SHARE = 0.6
FEES = tuple(range(500, 2501, 50))
WEEKDAY_FACTORS = (0.85, 0.85, 0.90, 0.95, 1.15, 1.25, 1.05)
NO_ADDRESS = '"--"'

UNIT, ORDER, KIND, DATE, VALUE, ADDRESS, FEE, STATUS = range(8)
PARENT, ITEM, PRODUCT, QUANTITY, PRICE, NOTE = range(6)
ORDER_COLUMNS = [
    "Id_Unidade",
    "Id_Pedido",
    "Tipo_Pedido",
    "Data_Pedido",
    "Vlr_Pedido",
    "Endereco Entrega",
    "Taxa_Entrega",
    "Status",
]
ITEM_COLUMNS = ["Id_Pedido", "Id_Item_Pedido", "Id_Produto", "Qtd", "Vlr_Item", "Observacao"]
ITEMS_AFTER = dt.timedelta(seconds=2)
RESENT_AFTER = dt.timedelta(hours=20)


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How the till of a unit writes its files."""

    orders: str = "PEDIDO.csv"
    items: str = "ITEM_PEDIDO.csv"
    delimiter: str = ","
    line_end: str = "\r\n"
    encoding: str = "utf-8-sig"
    address: str = "Endereco Entrega"
    physical: str = "Loja Física"
    uuid_keys: bool = False
    gzipped: bool = False

    def encode(self, text: str) -> bytes:
        """Return the bytes of a file; empty text is an empty file without byte order mark."""
        data = text.encode(self.encoding) if text else b""
        return gzip.compress(data, mtime=0) if self.gzipped else data

    def file(self, name: str) -> str:
        """Return the file name with the ending of this till."""
        return f"{name}.gz" if self.gzipped else name


DIALECT_A = Dialect()
DIALECT_B = Dialect(
    orders="pedido.csv",
    items="item_pedido.csv",
    delimiter=";",
    line_end="\n",
    encoding="utf-8",
    address="Endereco_Entrega",
    physical="Loja Fisica",
    uuid_keys=True,
)
TILLS = (  # of units 1 to 10, then repeated
    DIALECT_A,
    DIALECT_B,
    DIALECT_A,
    DIALECT_A,
    replace(DIALECT_A, gzipped=True),
    DIALECT_A,
    replace(DIALECT_A, encoding="latin-1"),
    DIALECT_A,
    replace(DIALECT_B, gzipped=True),
    DIALECT_A,
)


def state_of(unit: int) -> int:
    """Return the id of the state of a unit."""
    return STATE_OF_UNIT[(unit - 1) % len(STATE_OF_UNIT)]


def city_of(unit: int) -> str:
    """Return the city of a unit."""
    cities = CITIES[state_of(unit)]
    return cities[unit % len(cities)]


def quoted(text: str) -> str:
    """Return text as a till writes it: in quotes, except empty text."""
    return '"' + text.replace('"', '""') + '"' if text else ""


def arrival(day: dt.date, unit: int) -> dt.datetime:
    """Return when the files of a unit-day arrive: after midnight, one unit per minute."""
    return moment(day + dt.timedelta(days=1)) + dt.timedelta(minutes=5 + unit)


def random_of(*seed: object) -> Random:
    """Return random numbers that depend only on these values."""
    return Random("/".join(map(str, seed)))  # noqa: S311


WRITTEN_NOTES = tuple(quoted(note) for note in NOTES)
WRITTEN_PRICES = tuple(money(cents) for _, cents in PRODUCTS)
