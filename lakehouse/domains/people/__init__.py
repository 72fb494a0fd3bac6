"""People: files that name persons, however often; one table names each once."""

import datetime as dt

from lakehouse.platform.tables.domain_spec import DomainSpec, Headline, Schedule

SPEC = DomainSpec(
    name="people",
    title="People",
    since=dt.date(2024, 4, 21),
    owners=("team:people",),
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
            description="Yesterday's files once more at midnight; no file, no run.",
            needs_files=True,
            retries=1,
        ),
    ),
)
