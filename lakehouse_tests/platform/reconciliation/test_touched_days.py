"""Days that a snapshot reaches are looked for once for each snapshot, not for each day of a run."""

import datetime as dt
from pathlib import Path

from lakehouse.platform.reconciliation.touched_days import newly_registered_days
from lakehouse_tests.platform.small_lake import SmallLake

FIRST = dt.date(2024, 5, 1)
DAYS = [FIRST + dt.timedelta(days=n) for n in range(5)]


def test_only_days_with_a_snapshot_are_compared_with_the_days_before(tmp_path: Path) -> None:
    small = SmallLake(folder=tmp_path, now=dt.datetime(2024, 6, 1, tzinfo=dt.UTC))
    small.land_reference(dt.datetime(2024, 5, 1, 8, tzinfo=dt.UTC))
    small.land(
        f"{DAYS[3]}/reference/tabela_pais.csv",
        "Id_Pais,Nome_Pais\nBR,Brasil\nPT,Portugal\n",
        dt.datetime(2024, 5, 4, 8, tzinfo=dt.UTC),
    )
    small.ingest(DAYS)
    small.refresh(DAYS, ("silver",))
    countries = small.domain.table("silver", "countries")
    found = newly_registered_days(small.lake, countries, DAYS)
    assert found == {DAYS[0]: set(), DAYS[3]: set(DAYS[:3])}
