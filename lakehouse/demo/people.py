"""Invented deliveries of people: the same plan always gives the same bytes.

On the first day everybody comes in one file and in its identical copy; on each further day a file
brings some of them changed, and some more. Names repeat between persons, and so do e-mail
addresses; ids exist that differ in upper and lower case only. PlantedError is dealt, not rolled: every kind
occurs in every file that is large enough.
"""

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from lakehouse.demo.files import LandedFile
from lakehouse.domains.people import SPEC
from lakehouse.domains.people.sources import PEOPLE

FULL_SIZE = 100_000
"""Persons of the first day at scale 1."""
CHANGED, ADDED = 0.02, 0.01
"""Shares of the persons that a further day brings changed, and brings for the first time."""
ROWS_PER_ERROR = 2_000
"""Rows of a file for each kind of errors once, at errors 1."""
WOMEN = (
    "Ana",
    "Beatriz",
    "Cláudia",
    "Débora",
    "Érica",
    "Fátima",
    "Inês",
    "Júlia",
    "Luísa",
    "Tânia",
)
MEN = ("André", "Antônio", "Caio", "Davi", "Flávio", "Ícaro", "João", "José", "Lázaro", "Otávio")
FIRST_NAMES = (*WOMEN, *MEN)
LAST_NAMES = (
    "Silva",
    "Souza",
    "Araújo",
    "Conceição",
    "Sá",
    "Müller",
    "Núñez",
    "O'Brien",
    "D'Ávila",
)
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
DOMAINS = ("example.org", "example.com", "example.net")
FIRST_BIRTH, LAST_BIRTH = dt.date(1906, 1, 1), dt.date(2022, 12, 31)

Person = list[str]
"""Values in the order of the file's columns."""

INDEX, USER_ID, FIRST_NAME, LAST_NAME, SEX, EMAIL, PHONE, BIRTH, JOB = range(9)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which deliveries to invent.

    Args:
        seed: the same seed, the same bytes.
        scale: 1 is a hundred thousand persons.
        days: delivery days, the first with everybody.
        first: the first day.
        errors: 0 is clean, 1 is each kind once in two thousand rows.
    """

    seed: int = 7
    scale: float = 1.0
    days: int = 3
    first: dt.date = SPEC.since
    errors: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.scale <= 100:
            raise ValueError(f"scale must be more than 0 and at most 100, not {self.scale}")
        if self.days < 1:
            raise ValueError(f"days must be at least 1, not {self.days}")
        if not 0 <= self.errors <= 100:
            raise ValueError(f"errors must be 0 to 100, not {self.errors}")

    @property
    def persons(self) -> int:
        """Persons of the first day."""
        return max(10, round(FULL_SIZE * self.scale))


def demo(seed: int) -> Plan:
    """A small plan for a first look: two thousand persons on three days."""
    return Plan(seed=seed, scale=0.02)


def deliveries(plan: Plan) -> Iterator[LandedFile]:
    """Files of the plan in the order in which they land."""
    crowd = _Crowd(seed=plan.seed)
    everybody = crowd.more(plan.persons)
    name = f"people-{plan.persons}"
    data = _file_with_errors(plan, 0, everybody, plan.first)
    yield _landed(plan, 0, f"{name}.csv", data, minutes=0)
    yield _landed(plan, 0, f"{name}_v2.csv", data, minutes=0)
    for day in range(1, plan.days):
        rng = _random(plan.seed, day, 1)
        known = rng.choice(plan.persons, max(1, round(plan.persons * CHANGED)), replace=False)
        rows = [_changed(everybody[n], rng) for n in sorted(known.tolist())]
        rows += crowd.more(max(1, round(plan.persons * ADDED)))
        data = _file_with_errors(plan, day, rows, plan.first + dt.timedelta(days=day))
        yield _landed(plan, day, f"people-{len(rows)}.csv", data, minutes=0)
        if plan.errors and day == 1:
            yield _landed(plan, day, "people-sem-email.csv", _without_email(rows[:5]), minutes=1)
            yield _landed(plan, day, "people-com-cidade.csv", _with_city(rows[:5]), minutes=2)


def _landed(plan: Plan, day: int, name: str, data: bytes, *, minutes: int) -> LandedFile:
    on = plan.first + dt.timedelta(days=day)
    at = dt.datetime.combine(on, dt.time(9), dt.UTC) + dt.timedelta(minutes=minutes)
    return LandedFile(path=f"people/{on}/{name}", data=data, modified_at=at)


@dataclass(kw_only=True)
class _Crowd:
    """Persons, drawn one after the other."""

    seed: int
    count: int = 0
    emails: list[str] = field(default_factory=list)

    def more(self, count: int) -> list[Person]:
        """The next persons; two of the first ten have ids that differ in case only."""
        rng = _random(self.seed, self.count, 0)
        firsts = rng.integers(len(FIRST_NAMES), size=count).tolist()
        lasts = rng.integers(len(LAST_NAMES), size=count).tolist()
        jobs = rng.integers(len(JOBS), size=count).tolist()
        forms = rng.integers(len(PHONES), size=count).tolist()
        numbers = rng.integers(10**9, 10**10, size=count).tolist()
        extensions = rng.integers(100, 100_000, size=count).tolist()
        births = rng.integers(FIRST_BIRTH.toordinal(), LAST_BIRTH.toordinal(), size=count).tolist()
        shares = (rng.random(count) < 0.01).tolist()
        ids = rng.integers(1 << 32, size=count).tolist()
        cases = rng.integers(1 << 15, size=count).tolist()
        made: list[Person] = []
        for n in range(count):
            number = self.count + n
            first, last = FIRST_NAMES[firsts[n]], LAST_NAMES[lasts[n]]
            email = f"pessoa{number}@{DOMAINS[number % len(DOMAINS)]}"
            if shares[n] and self.emails:
                email = self.emails[ids[n] % len(self.emails)]
            self.emails.append(email)
            made.append(
                [
                    str(n + 1),
                    _mixed(f"{number:07x}{ids[n]:08x}", cases[n]),
                    first,
                    last,
                    "Female" if firsts[n] < len(WOMEN) else "Male",
                    email,
                    PHONES[forms[n]](str(numbers[n]), str(extensions[n])),
                    dt.date.fromordinal(births[n]).isoformat(),
                    JOBS[jobs[n]],
                ]
            )
        if not self.count and count >= 10:
            made[4][USER_ID] = "abcdef012345678"
            made[7][USER_ID] = "ABCDEF012345678"
        self.count += count
        return made


def _mixed(digits: str, cases: int) -> str:
    return "".join(c.upper() if cases >> n & 1 else c for n, c in enumerate(digits))


def _changed(person: Person, rng: np.random.Generator) -> Person:
    """The same person with another phone and another occupation."""
    row = list(person)
    number = str(rng.integers(10**9, 10**10))
    row[PHONE] = PHONES[int(rng.integers(len(PHONES)))](number, "42")
    row[JOB] = JOBS[(JOBS.index(row[JOB]) + 1) % len(JOBS)]
    return row


def _file_with_errors(plan: Plan, day: int, rows: list[Person], on: dt.date) -> bytes:
    """A file of these rows, with errors in some; no row has two faults."""
    rows = [[str(n), *row[1:]] for n, row in enumerate(rows, start=1)]
    times = round(len(rows) * plan.errors / ROWS_PER_ERROR)
    if plan.errors and len(rows) > 4 * len(_ERRORS):
        times = max(1, times)
    wanted = min(times * len(_ERRORS), len(rows) // 2 // len(_ERRORS) * len(_ERRORS))
    places = 10 + _random(plan.seed, day, 2).permutation(max(0, len(rows) - 10))[:wanted]
    again: list[Person] = []
    for n, place in enumerate(places.tolist()):
        again += _ERRORS[n % len(_ERRORS)](rows[place], on)
    return _csv([*rows, *again])


def _csv(rows: list[Person], header: tuple[str, ...] = PEOPLE.format.columns) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def _without_email(rows: list[Person]) -> bytes:
    columns = PEOPLE.format.columns
    return _csv([[*row[:EMAIL], *row[EMAIL + 1 :]] for row in rows], columns[:EMAIL] + columns[6:])


def _with_city(rows: list[Person]) -> bytes:
    return _csv([[*row, "São Paulo"] for row in rows], (*PEOPLE.format.columns, "City"))


def _bad_user_id(row: Person, _: dt.date) -> list[Person]:
    row[USER_ID] = row[USER_ID][:14]
    return []


def _no_hex_id(row: Person, _: dt.date) -> list[Person]:
    row[USER_ID] = "g" + row[USER_ID][1:]
    return []


def _bad_date(row: Person, _: dt.date) -> list[Person]:
    row[BIRTH] = f"{row[BIRTH][:4]}-02-30"
    return []


def _unborn(row: Person, on: dt.date) -> list[Person]:
    row[BIRTH] = (on + dt.timedelta(days=1)).isoformat()
    return []


def _bad_sex(row: Person, _: dt.date) -> list[Person]:
    row[SEX] = "N/A"
    return []


def _bad_email(row: Person, _: dt.date) -> list[Person]:
    row[EMAIL] = row[EMAIL].replace("@", " at ")
    return []


def _bad_index(row: Person, _: dt.date) -> list[Person]:
    row[INDEX] = "?"
    return []


def _missing_name(row: Person, _: dt.date) -> list[Person]:
    row[LAST_NAME] = ""
    return []


def _no_phone(row: Person, _: dt.date) -> list[Person]:
    row[PHONE] = ""
    return []


def _twice(row: Person, _: dt.date) -> list[Person]:
    """The person once more at the end of the file, with another name: the first row counts."""
    return [[*row[:FIRST_NAME], "Repetida", *row[LAST_NAME:]]]


def _one_value_more(row: Person, _: dt.date) -> list[Person]:
    row.append("x")
    return []


_ERRORS: tuple[Callable[[Person, dt.date], list[Person]], ...] = (
    _bad_user_id,
    _no_hex_id,
    _bad_date,
    _unborn,
    _bad_sex,
    _bad_email,
    _bad_index,
    _missing_name,
    _no_phone,
    _twice,
    _one_value_more,
)


def _random(*seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(list(seed)))
