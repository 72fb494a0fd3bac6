"""The landing zone of one domain: list its days and files, and read a listed file safely."""

import datetime as dt
import os
import stat as mode
from collections.abc import Iterable
from typing import TYPE_CHECKING

from lakehouse.platform.ingestion.errors import LandingError
from lakehouse.platform.ingestion.listing import (
    Listing,
    Survey,
    classify,
    files_below,
    modified_at,
    survey_folders,
)
from lakehouse.platform.ingestion.paths import EPOCH, PathRules, RecognizedFile
from lakehouse.platform.ingestion.read_listed import read_listed
from lakehouse.platform.storage.disk import DiskStore
from lakehouse.platform.storage.object_store import ObjectStore

if TYPE_CHECKING:
    from lakehouse.platform.tables.registry import Domain
    from lakehouse.settings import Settings


class LandingZone:
    """The folder into which the units of one domain deliver files.

    Args:
        store: the landing root; the domain's files lie in the folder with the domain's name.
        rules: what the domain recognizes.
    """

    def __init__(self, store: ObjectStore, rules: PathRules) -> None:
        self.store = store
        self.rules = rules

    @property
    def domain(self) -> str:
        """Name of the domain and of its folder."""
        return self.rules.spec.name

    def require_there(self) -> None:
        """Raise `LandingError` if the landing zone is missing, which is never the same as empty.

        The folder of the domain may be missing: nothing was delivered yet. S3 has no folders, so
        there only the bucket must exist.
        """
        if not isinstance(self.store, DiskStore):
            _require_bucket(self.store)
            return
        place = self.store.uri
        hint = "hint: create the folder, or correct LAKEHOUSE_LANDING"
        try:
            is_folder = mode.S_ISDIR(os.stat(place).st_mode)
        except (FileNotFoundError, NotADirectoryError):
            raise LandingError(f"the landing zone {place} does not exist; {hint}") from None
        except OSError as error:
            raise LandingError(
                f"the landing zone {place} cannot be opened ({error.strerror}); {hint}"
            ) from error
        if not is_folder:
            raise LandingError(f"the landing zone {place} is not a folder; {hint}")
        if not os.access(place, os.R_OK | os.X_OK):
            raise LandingError(
                f"the landing zone {place} cannot be listed; hint: give this user read and execute"
                " permission on it, or correct LAKEHOUSE_LANDING"
            )

    def days(self) -> list[dt.date]:
        """Return the delivery days that have a folder, sorted; lists folders, not files.

        A day folder is the first part of a path below the domain that is a date in a form that the
        domain declares, at any depth: ``shop/2026-01-05`` or ``shop/raw/csv/2026/01/05``. Days that
        no run can have, such as those in the future, are left out.
        """
        return sorted(self._survey(files=False).days)

    def days_changed_since(self, since: dt.datetime) -> list[dt.date]:
        """Return the days whose folder got or lost an entry, latest change first; none on S3.

        Only the modification time of the day folder itself is read. A file in a unit folder that
        existed before is not noticed here; `Sweep` finds it when it reaches that day.
        """
        if not isinstance(self.store, DiskStore):
            return []
        changed_at: dict[dt.date, dt.datetime] = {}
        for day, folders in self._survey(files=False).days.items():
            for folder in folders:
                try:
                    status = os.lstat(os.path.join(self.store.uri, folder))
                except FileNotFoundError:
                    continue
                changed_at[day] = max(modified_at(status), changed_at.get(day, EPOCH))
        recent = (day for day, moment in changed_at.items() if moment >= since)
        return sorted(recent, key=lambda day: (changed_at[day], day), reverse=True)

    def listing(
        self,
        *,
        days: Iterable[dt.date] | None = None,
        undated: bool = True,
        now: dt.datetime,
        quiet: dt.timedelta,
    ) -> Listing:
        """Return the domain's files, classified.

        Args:
            days: list only the folders of these days; None lists everything.
            undated: with `days`, also list the files outside of day folders.
            now: time of the listing, aware; decides which days are in the future.
            quiet: a file that changed less than this before (or after) `now` may still grow.

        Raises:
            LandingError: the landing zone does not exist, or a folder cannot be read.
        """
        if days is None:
            survey = self._empty_survey(now)
            found = files_below(self.store, self.domain, survey)
        else:
            survey = self._survey(now, files=undated)
            wanted = [folder for day in sorted(set(days)) for folder in survey.days.get(day, ())]
            of_days = (
                entry for folder in wanted for entry in files_below(self.store, folder, survey)
            )
            found = (entry for part in (tuple(survey.files), of_days) for entry in part)
        return classify(found, survey, now=now, quiet=quiet)

    def _survey(self, now: dt.datetime | None = None, *, files: bool) -> Survey:
        return survey_folders(self.store, self._empty_survey(now), files=files)

    def _empty_survey(self, now: dt.datetime | None = None) -> Survey:
        self.require_there()
        moment = now or dt.datetime.now(dt.UTC)
        return Survey(rules=self.rules, today=moment.astimezone(self.rules.zone).date())

    def read(self, file: RecognizedFile, *, limit: int) -> bytes:
        """Return the bytes of a listed file; see `read_listed`."""
        return read_listed(self.store, file, limit=limit)


def landing_zone_of(domain: "Domain", settings: "Settings") -> LandingZone:
    """Return the landing zone of a domain.

    Raises:
        LandingError: the lake is inside the folder of the domain; its files would be deliveries.
    """
    rules = PathRules(spec=domain.spec, sources=domain.sources, zone=settings.zone)
    store, lake = ObjectStore.at(settings.landing), ObjectStore.at(settings.root)
    if f"{_real(lake)}/".startswith(f"{_real(store)}/{domain.name}/"):
        raise LandingError(
            f"the lake {lake.uri} is inside the folder {domain.name}/ of the landing zone"
            f" {store.uri}; hint: set LAKEHOUSE_ROOT to a folder elsewhere"
        )
    return LandingZone(store, rules)


def _real(store: ObjectStore) -> str:
    """Return the address of a store, on disk without symbolic links."""
    return os.path.realpath(store.uri) if isinstance(store, DiskStore) else store.uri


def _require_bucket(store: ObjectStore) -> None:
    """Raise `LandingError` if the store's bucket is missing; other errors stay as they are."""
    try:
        next(iter(store.entries("", recursive=False)), None)
    except Exception as error:
        answer = getattr(error, "response", None) or {}
        if answer.get("Error", {}).get("Code") != "NoSuchBucket":
            raise
        raise LandingError(
            f"the landing zone {store.uri} is in a bucket that does not exist;"
            " hint: create the bucket, or correct LAKEHOUSE_LANDING"
        ) from error
