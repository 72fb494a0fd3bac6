"""People: files that name persons, possibly several times; one table names each person once."""

import datetime as dt

from lakehouse.domains.hints import HINTS
from lakehouse.platform.tables.domain_spec import DomainSpec, Headline, Schedule
from lakehouse.settings import Setting

FILE_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"

FILENAME_SILVER = Setting(
    name="filename_silver",
    default="people_all",
    pattern=FILE_NAME,
    expected="a file name of letters, digits, '.', '_' and '-'",
    meaning="Name of the exported file of all people, without `.parquet`",
)
FILENAME_GOLD = Setting(
    name="filename_gold",
    default="people_without_duplicates",
    pattern=FILE_NAME,
    expected="a file name of letters, digits, '.', '_' and '-'",
    meaning="Name of the exported file of people without duplicates, without `.parquet`",
)

SPEC = DomainSpec(
    name="people",
    title="People",
    since=dt.date(2024, 4, 21),
    owners=("team:people",),
    settings=(FILENAME_SILVER, FILENAME_GOLD),
    headline=Headline(
        question="Quantos registros duplicados foram removidos?",
        sql=(
            "select removed as duplicados_removidos, people as pessoas, rows as registros,"
            " files as arquivos from gold.people_duplicates"
        ),
    ),
    schedules=(
        Schedule(
            name="pipeline",
            cron="@daily",
            description=(
                "Ingests yesterday's files again at midnight; without files there is no run."
            ),
            needs_files=True,
            retries=1,
        ),
    ),
    hints=HINTS,
)
