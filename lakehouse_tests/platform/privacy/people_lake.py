"""A lake of people in which one person, Zuleika, is in every kind of place."""

import csv
import datetime as dt
import gzip
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.platform.orchestration.run_tags import Work
from lakehouse.platform.privacy import search
from lakehouse.platform.privacy.context import ErasureReport
from lakehouse.platform.privacy.erasure import erase
from lakehouse.platform.privacy.findings import PersonFinding
from lakehouse.platform.privacy.known_ids import persons_in
from lakehouse.platform.privacy.person import Person
from lakehouse.platform.privacy.scope import SearchScope
from lakehouse.platform.reconciliation.audit import audit_domain
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.tables.registry import Domain
from lakehouse.platform.transform import as_of
from lakehouse.settings import Settings
from lakehouse_tests.domains.business import Business
from lakehouse_tests.stories.driver import Driver

HEADER = "Index,User Id,First Name,Last Name,Sex,Email,Phone,Date of birth,Job Title"
ZULEIKA = "8717bbf45cCDbEe"
ADDRESS = "zuleika.prado@example.org"
SECRETS = ("8717bbf45cCDbEe", "zuleika", "prado", "555-0199-zp")
"""Texts that must not be left after an erasure, in upper or lower case."""
MONDAY, TUESDAY, FRIDAY = "2024-04-22", "2024-04-23", "2024-04-26"


def line(number: int, **other: str) -> str:
    """Return one record; number 1 is Zuleika's."""
    values = {
        "Index": str(number),
        "User Id": ZULEIKA if number == 1 else f"{number:04d}bbf45cCDbEe",
        "First Name": "Zuleika" if number == 1 else f"Ana{number}",
        "Last Name": "Prado" if number == 1 else "Lima",
        "Sex": "Female",
        "Email": ADDRESS if number == 1 else f"ana{number}@example.org",
        "Phone": "555-0199-ZP" if number == 1 else f"555-{number:04d}",
        "Date of birth": "1990-02-03",
        "Job Title": "Engineer, civil",
        **other,
    }
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(values.values())
    return text.getvalue()


def file(*lines: str) -> str:
    return f"{HEADER}\n{''.join(lines)}"


@dataclass
class People(Business):
    """The lake of the domain people, with searches and erasures."""

    root: str = ""

    @property
    def settings(self) -> Settings:
        folder = self.root or str(self.folder)
        return Settings(
            root=f"{folder}/lake",
            landing=f"{folder}/landing",
            quiet_seconds=0,
            file_mb=self.file_mb,
        )

    def found(self, **known: Sequence[str]) -> list[PersonFinding]:
        (person,) = persons_in(["people"], self.lake, self.settings, **known).values()
        return findings(self.domain, self.settings, person)

    def erase(self, **known: Sequence[str]) -> ErasureReport:
        persons = persons_in(["people"], self.lake, self.settings, **known)
        return erase(persons, self.lake, self.settings, self.rebuild)

    def rebuild(self, domain: Domain, days: Sequence[dt.date]) -> None:
        driver = Driver(domain=domain, settings=self.settings)
        driver.run(Work.ARRIVALS, days)
        driver.run_pending()
        driver.materialize_as_of(as_of.stale_days(domain, self.lake))

    def verified(self) -> list[str]:
        return [str(each) for each in audit_domain(self.lake, self.domain, self.settings)]

    def bytes_of(self, uri: str) -> Iterator[tuple[str, bytes]]:
        """Yield every file below a root; decompressed, Parquet with its rows as text."""
        store = ObjectStore.at(uri)
        for entry in store.entries():
            data = store.read(entry.path)
            if data.startswith(b"\x1f\x8b"):
                data = gzip.decompress(data)
            if entry.path.endswith(".parquet"):
                rows = pq.ParquetFile(pa.BufferReader(data))
                data += (
                    str(rows.read().to_pylist()).encode() + str(rows.metadata.to_dict()).encode()
                )
            yield entry.path, entry.path.encode() + b" " + data

    def traces(self) -> list[str]:
        """Return the files of lake and landing zone that still contain data of Zuleika."""
        return [
            path
            for uri in (self.settings.root, self.settings.landing)
            for path, data in self.bytes_of(uri)
            if any(secret in data.lower() for secret in (s.lower().encode() for s in SECRETS))
        ]

    def others(self) -> dict[str, list[tuple[object, ...]]]:
        """Return the rows of all other persons."""
        return {
            name: self.rows(
                f"select * exclude (day, row) from {name} where user_id <> '{ZULEIKA}' order by all"
            )
            for name in ("silver.people_people_all", "gold.people_people_without_duplicates")
        }


def lake_with_zuleika(folder: Path, file_mb: float = 128) -> People:
    """Land and ingest files with Zuleika in every kind of place."""
    people = People("people", folder, file_mb=file_mb)
    people.land(f"{MONDAY}/a.csv", file(line(1), line(2), line(3)))
    people.land(f"{TUESDAY}/b.csv.gz", gzip.compress(file(line(4), line(1)).encode(), mtime=0))
    people.ingest()
    titles = 'Says "hi"\nand more\nlines'
    broken = line(1).rstrip("\n") + ",one,too,many\n"
    mention = line(3, **{"Job Title": f"Assistant of {ADDRESS.upper()}."})
    people.land(
        f"{MONDAY}/a.csv",
        file(line(1, **{"Job Title": titles}), line(2), broken, mention, line(5)),
    )
    people.land(f"{MONDAY}/copy.csv", file(line(1), line(2), line(3)))
    people.land(f"{FRIDAY}/bad_row.csv", file(line(6), line(1, **{"Date of birth": "soon"})))
    people.land(
        f"{FRIDAY}/no_phone.csv", "Index,User Id,Email\n" + f"1,{ZULEIKA},{ADDRESS}\n2,x,y\n"
    )
    people.land(f"{FRIDAY}/cut.csv", file(line(7), line(1)).removesuffix('civil"\n'))
    people.land(f"{FRIDAY}/new_address.csv", file(line(1, Email="other@example.org"), line(8)))
    people.ingest()
    people.land(f"{FRIDAY}/pending.csv", file(line(9), line(1)))
    people.land("notes.txt", f"call {ADDRESS}\nbuy milk\n")
    return people


def findings(domain: Domain, settings: Settings, person: Person) -> list[PersonFinding]:
    """Return every place of a person."""
    lake = Lake(settings.root)
    scope = SearchScope(domain=domain, lake=lake, settings=settings, person=person)
    return list(search.find(scope))
