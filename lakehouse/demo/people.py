"""Generate deliveries of people: everybody on the first day, changed and new persons afterwards.

The file of the first day comes with an identical copy. Names and e-mail addresses repeat between
persons, and some ids differ in upper and lower case only. The planted errors are distributed
evenly, not by chance: every kind occurs in every file that is large enough, and no row has two.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from lakehouse.demo.files import LandedFile, csv_text, moment
from lakehouse.demo.plans import require_between, require_share
from lakehouse.domains.people import SPEC
from lakehouse.domains.people.sources import PEOPLE

FULL_SIZE = 100_000
"""Persons of the first day at scale 1."""
CHANGED, ADDED = 0.02, 0.01
"""Shares of the persons that each further day brings changed, and brings for the first time."""
ROWS_PER_ERROR = 2_000
"""Rows of a file for each kind of error once, at errors 1."""
# fmt: off
WOMEN = (
    "Ana", "Beatriz", "Cláudia", "Débora", "Érica", "Fátima", "Inês", "Júlia", "Luísa", "Tânia",
)
MEN = ("André", "Antônio", "Caio", "Davi", "Flávio", "Ícaro", "João", "José", "Lázaro", "Otávio")
FIRST_NAMES = (*WOMEN, *MEN)
LAST_NAMES = (
    "Silva", "Souza", "Araújo", "Conceição", "Sá", "Müller", "Núñez", "O'Brien", "D'Ávila",
)
# fmt: on
JOBS = (
    "Teacher, primary school",
    "Engineer, civil (consulting)",
    "Accountant, chartered certified",
    'Musician, "popular"',
    "Administrator, arts",
    "Actor",
    "Air cabin crew",
    "Técnico em saúde",
    "Youth worker",
    "Solicitor, Scotland",
)
PHONES: tuple[Callable[[str, str], str], ...] = (
    lambda n, _: f"{n[:3]}-{n[3:6]}-{n[6:]}",
    lambda n, _: n,
    lambda n, _: f"{n[:3]}.{n[3:6]}.{n[6:]}",
    lambda n, _: f"({n[:3]}){n[3:6]}-{n[6:]}",
    lambda n, x: f"001-{n[:3]}-{n[3:6]}-{n[6:]}x{x}",
    lambda n, x: f"+1-{n[:3]}-{n[3:6]}-{n[6:]}x{x}",
    lambda n, x: f"({n[:3]}){n[3:6]}-{n[6:]}x{x}",
)
"""Formats of a phone number with ten digits and an extension."""
DOMAINS = ("example.org", "example.com", "example.net")
FIRST_BIRTH, LAST_BIRTH = dt.date(1906, 1, 1), dt.date(2022, 12, 31)
COLUMNS = PEOPLE.format.columns
CLEAN_ROWS = 10
"""Rows at the start of each file that never have an error."""

Person = list[str]
"""Values in the order of `COLUMNS`."""

INDEX, USER_ID, FIRST_NAME, LAST_NAME, SEX, EMAIL, PHONE, BIRTH, JOB = range(9)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which deliveries to generate.

    Args:
        seed: equal seeds give equal bytes.
        scale: 1 is 100,000 persons.
        days: number of delivery days, the first with everybody.
        first: the first delivery day.
        errors: 0 is none, 1 is each kind once in 2,000 rows.
    """

    seed: int = 7
    scale: float = 1.0
    days: int = 3
    first: dt.date = SPEC.since
    errors: float = 1.0

    def __post_init__(self) -> None:
        require_share("scale", self.scale, 100)
        require_between("days", self.days, 1)
        require_between("errors", self.errors, 0, 100)

    @property
    def persons(self) -> int:
        """Persons of the first day."""
        return max(10, round(FULL_SIZE * self.scale))


def demo(seed: int) -> Plan:
    """Return the plan of the demo: 2,000 persons on three days."""
    return Plan(seed=seed, scale=0.02)


def deliveries(plan: Plan) -> Iterator[LandedFile]:
    """Yield the files of the plan in the order of their arrival."""
    crowd = _Crowd(seed=plan.seed)
    everybody = crowd.draw(plan.persons)
    name = f"people-{plan.persons}"
    data = _file_with_errors(plan, 0, everybody, plan.first)
    yield _file(plan.first, f"{name}.csv", data)
    yield _file(plan.first, f"{name}_v2.csv", data)
    for n in range(1, plan.days):
        day = plan.first + dt.timedelta(days=n)
        rng = np.random.default_rng([plan.seed, n, 1])
        known = rng.choice(plan.persons, max(1, round(plan.persons * CHANGED)), replace=False)
        rows = [_changed(everybody[place], rng) for place in sorted(known.tolist())]
        rows += crowd.draw(max(1, round(plan.persons * ADDED)))
        yield _file(day, f"people-{len(rows)}.csv", _file_with_errors(plan, n, rows, day))
        if plan.errors and n == 1:
            yield _file(day, "people-sem-email.csv", _without_email(rows[:5]), minute=1)
            yield _file(day, "people-com-cidade.csv", _with_city(rows[:5]), minute=2)


def _file(day: dt.date, name: str, data: bytes, minute: int = 0) -> LandedFile:
    return LandedFile(f"{SPEC.name}/{day}/{name}", data, moment(day, 9, minute))


@dataclass(kw_only=True)
class _Crowd:
    """Persons, drawn one after the other."""

    seed: int
    count: int = 0
    emails: list[str] = field(default_factory=list)

    def draw(self, count: int) -> list[Person]:
        """Return the next persons; two of the first ten have ids that differ in case only."""
        rng = np.random.default_rng([self.seed, self.count, 0])
        firsts = rng.integers(len(FIRST_NAMES), size=count).tolist()
        lasts = rng.integers(len(LAST_NAMES), size=count).tolist()
        jobs = rng.integers(len(JOBS), size=count).tolist()
        formats = rng.integers(len(PHONES), size=count).tolist()
        numbers = rng.integers(10**9, 10**10, size=count).tolist()
        extensions = rng.integers(100, 100_000, size=count).tolist()
        births = rng.integers(FIRST_BIRTH.toordinal(), LAST_BIRTH.toordinal(), size=count).tolist()
        shares_email = (rng.random(count) < 0.01).tolist()
        ids = rng.integers(1 << 32, size=count).tolist()
        cases = rng.integers(1 << 15, size=count).tolist()
        persons: list[Person] = []
        for n in range(count):
            number = self.count + n
            email = f"pessoa{number}@{DOMAINS[number % len(DOMAINS)]}"
            if shares_email[n] and self.emails:
                email = self.emails[ids[n] % len(self.emails)]
            self.emails.append(email)
            persons.append(
                [
                    str(n + 1),
                    _mixed_case(f"{number:07x}{ids[n]:08x}", cases[n]),
                    FIRST_NAMES[firsts[n]],
                    LAST_NAMES[lasts[n]],
                    "Female" if firsts[n] < len(WOMEN) else "Male",
                    email,
                    PHONES[formats[n]](str(numbers[n]), str(extensions[n])),
                    dt.date.fromordinal(births[n]).isoformat(),
                    JOBS[jobs[n]],
                ]
            )
        if not self.count and count >= 10:
            persons[4][USER_ID] = "abcdef012345678"
            persons[7][USER_ID] = "ABCDEF012345678"
        self.count += count
        return persons


def _mixed_case(digits: str, cases: int) -> str:
    return "".join(c.upper() if cases >> n & 1 else c for n, c in enumerate(digits))


def _changed(person: Person, rng: np.random.Generator) -> Person:
    """Return the same person with another phone and another occupation."""
    row = list(person)
    number = str(rng.integers(10**9, 10**10))
    row[PHONE] = PHONES[int(rng.integers(len(PHONES)))](number, "42")
    row[JOB] = JOBS[(JOBS.index(row[JOB]) + 1) % len(JOBS)]
    return row


_CHANGES: tuple[tuple[int, Callable[[str, dt.date], str]], ...] = (
    (USER_ID, lambda text, _: text[:14]),  # too short
    (USER_ID, lambda text, _: f"g{text[1:]}"),  # not hexadecimal
    (BIRTH, lambda text, _: f"{text[:4]}-02-30"),
    (BIRTH, lambda _, day: (day + dt.timedelta(days=1)).isoformat()),  # in the future
    (SEX, lambda *_: "N/A"),
    (EMAIL, lambda text, _: text.replace("@", " at ")),
    (INDEX, lambda *_: "?"),
    (LAST_NAME, lambda *_: ""),
    (PHONE, lambda *_: ""),
)
"""Errors that change one value: the column and the new value, from the old one and the day."""
_KINDS = len(_CHANGES) + 2
"""Kinds of errors: changed values, a repeated person, a row with one value too many."""


def _file_with_errors(plan: Plan, n: int, rows: list[Person], day: dt.date) -> bytes:
    """Return a file of these rows, with errors in some of them."""
    rows = [[str(index), *row[1:]] for index, row in enumerate(rows, start=1)]
    times = round(len(rows) * plan.errors / ROWS_PER_ERROR)
    if plan.errors and len(rows) > 4 * _KINDS:
        times = max(1, times)
    wanted = min(times * _KINDS, len(rows) // 2 // _KINDS * _KINDS)
    rng = np.random.default_rng([plan.seed, n, 2])
    places = CLEAN_ROWS + rng.permutation(max(0, len(rows) - CLEAN_ROWS))[:wanted]
    repeated: list[Person] = []
    for place, kind in zip(places.tolist(), np.arange(wanted) % _KINDS, strict=True):
        row = rows[place]
        if kind < len(_CHANGES):
            column, change = _CHANGES[kind]
            row[column] = change(row[column], day)
        elif kind == len(_CHANGES):
            # The person again at the end of the file, with another name: the first row wins.
            repeated.append([*row[:FIRST_NAME], "Repetida", *row[LAST_NAME:]])
        else:
            row.append("x")
    return _csv(COLUMNS, [*rows, *repeated])


def _csv(header: tuple[str, ...], rows: list[Person]) -> bytes:
    return csv_text([header, *rows]).encode()


def _without_email(rows: list[Person]) -> bytes:
    header = (*COLUMNS[:EMAIL], *COLUMNS[EMAIL + 1 :])
    return _csv(header, [[*row[:EMAIL], *row[EMAIL + 1 :]] for row in rows])


def _with_city(rows: list[Person]) -> bytes:
    return _csv((*COLUMNS, "City"), [[*row, "São Paulo"] for row in rows])
