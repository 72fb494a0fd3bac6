"""Incidents of the export of a register of persons: more rows of the same persons than usual."""

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakehouse.demo.incidents.labels import ONE_DAY, Label, Scenario, in_turn

Numbers = NDArray[np.int64]


class Mechanism(StrEnum):
    """What happened."""

    FILE_TWICE = "file_twice"  # the transfer sends the file of the day twice, with two names
    FULL_EXPORT = "full_export"  # everybody is exported instead of the persons who changed
    JOIN_FANOUT = "join_fanout"  # the export joins a table with several rows for a person
    NEW_IDS = "new_ids"  # a migrated system gives new ids to persons who are known
    IDS_REWRITTEN = "ids_rewritten"  # ids are written in upper case, so they differ from before
    REPLAY = "replay"  # the file of an earlier day is exported again and again


LENGTHS: Mapping[str, tuple[int, int]] = {
    Mechanism.FILE_TWICE: (1, 1),
    Mechanism.FULL_EXPORT: (1, 3),
    Mechanism.JOIN_FANOUT: (3, 10),
    Mechanism.NEW_IDS: (5, 20),
    Mechanism.IDS_REWRITTEN: (3, 12),
    Mechanism.REPLAY: (3, 6),
}
QUIET_DAYS = 100
PAUSE = (15, 30)
DAYS = QUIET_DAYS + sum(most for _, most in LENGTHS.values()) + len(LENGTHS) * PAUSE[1] + 20
CHANGED, ADDED = 0.02, 0.01
"""Shares of the persons whom a usual delivery brings changed, and brings for the first time."""
SHARED_EMAIL = 0.02
"""Share of new persons who use the e-mail address of somebody else, such as a parent."""
REWRITTEN = 10**9
"""Ids that a migration gives, and ids in another writing, are this much larger."""


class Delivered(NamedTuple):
    """Rows of one day: numbers of persons and of e-mail addresses, and of the file."""

    person: Numbers
    email: Numbers
    file: Numbers


def scenario_of(
    seed: int, *, first: dt.date, persons: int = 4_000, clean: bool = False
) -> Scenario:
    """Return the scenario of a seed.

    Args:
        seed: equal seeds give equal rows.
        first: first day.
        persons: persons of the first delivery, which comes with an identical copy.
        clean: leave out the incidents; everything else is the same.
    """
    days = [first + n * ONE_DAY for n in range(DAYS)]
    begins = first + QUIET_DAYS * ONE_DAY
    labels = [] if clean else _labels(np.random.default_rng([seed, 2]), begins)
    emails = np.arange(persons)
    everybody = np.arange(persons)
    twice = np.repeat(np.arange(2), persons)
    made = [(first, Delivered(np.tile(everybody, 2), np.tile(emails, 2), twice))]
    for day in days[1:]:
        rng = np.random.default_rng([seed, day.toordinal()])
        if day.weekday() > 4 or rng.random() < 0.02:  # nothing is exported on weekends and on
            continue  # the few days on which nobody works
        changed, added = _drawn(rng, day, persons, len(emails))
        shared = rng.random(len(added)) < SHARED_EMAIL
        own = np.where(shared, rng.integers(0, len(emails), len(added)), added)
        emails = np.concatenate([emails, own])
        person = np.concatenate([changed, added])
        file = np.zeros(len(person), np.int64)
        if rng.random() < 0.1:  # two branches export on their own, and know some persons both
            file[len(person) // 2 :] = 1
            both = person[: max(1, len(person) // 100)]
            person, file = np.append(person, both), np.append(file, np.ones(len(both), np.int64))
        usual = Delivered(person, emails[person], file)
        for label in labels:
            if label.hits(day):
                usual = _changed(label, usual, emails, made[-1][1], rng)
        made.append((day, usual))
    return Scenario(
        labels=tuple(labels),
        rows={"people_all": _rows(made)},
        first=begins,
        last=days[-1],
        places=1,
    )


def _labels(rng: np.random.Generator, begins: dt.date) -> list[Label]:
    found = []
    for mechanism, first, last in in_turn(rng, LENGTHS, begins, PAUSE):
        later = max(0, 7 - first.weekday()) * ONE_DAY if first.weekday() > 3 else 0 * ONE_DAY
        strength = float(rng.uniform(0.3, 0.9))
        found.append(  # it begins on a day with an export
            Label(mechanism=mechanism, first=first + later, last=last + later, strength=strength)
        )
    return found


def _drawn(
    rng: np.random.Generator, day: dt.date, persons: int, known: int
) -> tuple[Numbers, Numbers]:
    """Return the known persons who changed on a day, and the new ones."""
    noise = np.exp(0.25 * rng.standard_normal(2))
    changed, added = persons * CHANGED * noise[0], persons * ADDED * noise[1]
    if (day + 3 * ONE_DAY).month != day.month and day.weekday() == 4:
        changed *= 5  # registers are reviewed at the end of the month
    if rng.random() < 0.03:
        added *= 8  # a campaign brings new persons
    if rng.random() < 0.03:
        changed, added = changed / 20, added / 20  # a day between holidays
    some = rng.choice(known, min(known, max(1, round(changed))), replace=False)
    return np.sort(some), known + np.arange(max(1, round(added)))


def _changed(
    label: Label, usual: Delivered, emails: Numbers, before: Delivered, rng: np.random.Generator
) -> Delivered:
    """Return what is delivered on a day of an incident."""
    person, email, file = usual
    if label.mechanism == Mechanism.FILE_TWICE:
        return Delivered(np.tile(person, 2), np.tile(email, 2), np.append(file, file + 2))
    if label.mechanism == Mechanism.FULL_EXPORT:
        everybody = np.arange(len(emails))
        return Delivered(everybody, emails, np.zeros(len(emails), np.int64))
    if label.mechanism == Mechanism.JOIN_FANOUT:
        more = person[rng.random(len(person)) < label.strength]
        return Delivered(
            np.append(person, more), np.append(email, emails[more]), _zeros(len(person) + len(more))
        )
    if label.mechanism == Mechanism.REPLAY:
        return before
    hit = rng.random(len(person)) < (label.strength if label.mechanism == Mechanism.NEW_IDS else 1)
    return Delivered(np.where(hit, person + REWRITTEN, person), email, file)


def _zeros(count: int) -> Numbers:
    return np.zeros(count, np.int64)


def _rows(made: list[tuple[dt.date, Delivered]]) -> pa.Table:
    counts = [len(delivered.person) for _, delivered in made]
    day = np.repeat(np.array([day for day, _ in made], "datetime64[D]"), counts)
    person, email, file = (
        np.concatenate(column) for column in zip(*(d for _, d in made), strict=True)
    )
    names = [f"people/{d}/people-{f}.csv" for d, f in zip(day.tolist(), file.tolist(), strict=True)]
    return pa.table(
        {
            "day": pa.array(day, pa.date32()),
            "file": pa.array(names, pa.string()),
            "row": np.concatenate([np.arange(count) for count in counts]),
            "user_id": pa.array([f"{n:015x}" for n in person.tolist()], pa.string()),
            "email": pa.array([f"p{n}@example.org" for n in email.tolist()], pa.string()),
        }
    )
