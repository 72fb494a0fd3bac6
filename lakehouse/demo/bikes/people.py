"""Draw persons and customers."""

import datetime as dt
from dataclasses import dataclass

import numpy as np

from lakehouse.demo.bikes.plan import Plan
from lakehouse.demo.bikes.text import NULL, Rows, guids, some, timestamp

# fmt: off
FIRST = (
    "Ana", "Beatriz", "Carlos", "Cecília", "Cláudio", "Daniela", "Eduardo", "Élise", "Fernando",
    "François", "Gabriel", "Helena", "Hélène", "Inês", "Jésus", "João", "José", "Júlia", "Ken",
    "Laura", "Lúcia", "Luís", "Márcia", "Maria", "Mário", "Mónica", "Núria", "Otávio", "Paula",
    "Renée", "Rosângela", "Sérgio", "Sofía", "Terri", "Thaís", "Vitória", "Abigail", "Barbara",
    "Blake", "Caleb", "Dalton", "Devin", "Dylan", "Edward", "Emily", "Faith", "Garrett", "Hailey",
    "Isabella", "Jack", "Kaitlyn", "Logan", "Madison", "Nathan", "Olivia", "Preston", "Rachel",
    "Seth", "Trevor", "Wyatt",
)
LAST = (
    "Adams", "Alonso", "Álvarez", "Araújo", "Baldwin", "Belli", "Brandão", "Caro", "Chen",
    "Conceição", "Cox", "Díaz", "Duffy", "Estêvão", "Ferrier", "Flores", "Gómez", "Gonçalves",
    "Griffin", "Haines", "Hernández", "Jiménez", "Kumar", "Lopes", "Magalhães", "Martín",
    "Miller", "Muñoz", "Nuñez", "Ortega", "Pérez", "Raji", "Ramírez", "Rodríguez", "Sánchez",
    "Sanz", "Serrano", "Simões", "Suárez", "Tamburello", "Torres", "Turner", "Vázquez", "Walters",
    "Xu", "Yang", "Zheng", "Zimmerman",
)
# fmt: on
TYPES = {"EM": 273, "SP": 17, "SC": 753, "GC": 289, "VC": 156, "IN": 18_484}
STORE_BUYERS = 635
"""Store contacts who are also customers."""
FIRST_STORE, FIRST_PERSON = 1, 11_000
SURVEY = (
    '<IndividualSurvey xmlns="http://schemas.microsoft.com/sqlserver/2004/07/adventure-works'
    '/IndividualSurvey"><TotalPurchaseYTD>{spent}</TotalPurchaseYTD><DateFirstPurchase>{day}Z'
    "</DateFirstPurchase><YearlyIncome>{income}</YearlyIncome><Occupation>{work}</Occupation>"
    "<HomeOwnerFlag>{owner}</HomeOwnerFlag></IndividualSurvey>"
)
CONTACT = (
    '<AdditionalContactInfo xmlns="http://schemas.microsoft.com/sqlserver/2004/07/adventure-works'
    '/ContactInfo">{notes}</AdditionalContactInfo>'
)


@dataclass(frozen=True)
class People:
    """The tables of persons and customers, and who buys.

    Attributes:
        persons: rows of Person.Person.
        customers: rows of Sales.Customer.
        online: ids of the customers who buy for themselves.
        stores: ids of the customers who buy for a store.
    """

    persons: Rows
    customers: Rows
    online: list[int]
    stores: list[int]


def draw(plan: Plan) -> People:
    """Draw persons of six types; customers are stores, their buyers, and private persons."""
    rng = np.random.default_rng([plan.seed, 1])
    types = [kind for kind, count in TYPES.items() for _ in range(plan.share(count))]
    persons = _persons(plan, rng, types)
    buyers = [n for n, kind in enumerate(types, start=1) if kind == "SC"]
    buyers = buyers[: plan.share(STORE_BUYERS)]
    online = [n for n, kind in enumerate(types, start=1) if kind == "IN"]
    alone = plan.share(701)
    rows: list[tuple[int, str, str]] = [
        (FIRST_STORE + n, NULL, str(292 + 2 * n)) for n in range(alone)
    ]
    rows += [(FIRST_PERSON + n, str(person), NULL) for n, person in enumerate(online)]
    after = FIRST_PERSON + len(online)
    rows += [
        (after + n, str(person), str(292 + 2 * (n % alone))) for n, person in enumerate(buyers)
    ]
    territories = rng.integers(1, 11, len(rows)).tolist()
    ids = guids(rng, len(rows))
    customers = [
        [str(n), person, store, str(t), f"AW{n:08d}", guid, "2014-06-30 11:15:07.263"]
        for (n, person, store), t, guid in zip(rows, territories, ids, strict=True)
    ]
    return People(
        persons=persons,
        customers=customers,
        online=[FIRST_PERSON + n for n in range(len(online))],
        stores=[after + n for n in range(len(buyers))],
    )


def _persons(plan: Plan, rng: np.random.Generator, types: list[str]) -> Rows:
    count = len(types)
    everyone = range(count)
    titled = some(rng, everyone, plan.share(1_009))
    middle = some(rng, everyone, plan.share(11_473))
    suffixed = some(rng, everyone, plan.share(53))
    noted = sorted(some(rng, everyone, plan.share(10)))
    first = rng.integers(0, len(FIRST), count).tolist()
    last = rng.integers(0, len(LAST), count).tolist()
    letters = rng.integers(0, 26, count).tolist()
    spent = rng.integers(-2_000_000, 9_000_000, count).tolist()
    days = rng.integers(0, 1_100, count).tolist()
    ids = guids(rng, count)
    start = dt.date(2011, 5, 31)
    rows: Rows = []
    for n, kind in enumerate(types):
        survey = SURVEY.format(
            spent=spent[n] / 10_000,
            day=start + dt.timedelta(days=days[n]),
            income="25001-50000",
            work="Skilled Manual",
            owner=n % 2,
        )
        rows.append(
            [
                str(n + 1),
                kind,
                "0",
                ("Ms.", "Mr.", "Sra.")[n % 3] if n in titled else NULL,
                FIRST[first[n]],
                chr(ord("A") + letters[n]) + "." * (n % 2) if n in middle else NULL,
                LAST[last[n]],
                ("Jr.", "III")[n % 2] if n in suffixed else NULL,
                str(n % 3),
                NULL,
                survey,
                ids[n],
                timestamp(start + dt.timedelta(days=days[n])),
            ]
        )
    for place, n in enumerate(noted):
        rows[n][9] = CONTACT.format(
            notes="<note>Ligar à tarde, não de manhã</note>" * 20 * (place + 1)
        )
    for n in range(1, count, 400):  # persons with the same name
        rows[-n - 1][4:8] = rows[-n][4:8] = [FIRST[first[-n]], NULL, LAST[last[-n]], NULL]
    _keep_count(rows, 5, sorted(middle))
    _keep_count(rows, 7, sorted(suffixed))
    return rows


def _keep_count(rows: Rows, column: int, chosen: list[int]) -> None:
    """Give other persons the values that persons with the same name lost, to keep the counts."""
    lost = [rows[n][column] for n in chosen].count(NULL)
    free = (n for n in range(len(rows)) if rows[n][column] == NULL and n % 400 > 2)
    for _ in range(lost):
        rows[next(free)][column] = "Jr." if column == 7 else "Q."
