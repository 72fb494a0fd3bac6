"""Keep the demo in folders of its own: it never removes or mixes with data it did not create.

Each folder of the demo holds a marker file. In the landing zone and the lake the marker lists the
generated files with their SHA-256, and is written before the first of them.
"""

import hashlib
import json
import os
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from lakehouse.cli.messages import CommandError
from lakehouse.platform.local_runtime.service_state import is_served
from lakehouse.platform.tables.code_facts import FOLDER as CODE_FOLDER
from lakehouse.settings import Settings

MARKER = ".lakehouse-demo.json"
DIGEST = re.compile(r"[0-9a-f]{64}")
HINT = "lakehouse demo --into data/demo, or set other folders (docs/settings.md)"


@dataclass(frozen=True, kw_only=True)
class DemoFolders:
    """The lake, the landing zone and the Dagster home that a demo works in."""

    lake: Path
    landing: Path
    home: Path

    @classmethod
    def of(cls, settings: Settings) -> "DemoFolders":
        """Return the folders that the settings name."""
        from lakehouse.platform.storage.object_store import ObjectStore

        lake, landing = (Path(ObjectStore.at(uri).uri) for uri in (settings.root, settings.landing))
        return cls(lake=lake, landing=landing, home=settings.home)

    @property
    def all(self) -> tuple[Path, ...]:
        """The three folders."""
        return (self.lake, self.landing, self.home)

    def require_own(self) -> None:
        """Require that lake and landing zone hold only data of earlier demos.

        Records in the Dagster home are kept, whoever created them.

        Raises:
            CommandError: they hold other data, or `lakehouse up` runs on them.
        """
        for folder in (self.lake, self.landing):
            if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).exists():
                raise CommandError(f"{folder} holds data that no demo made; it was kept", HINT)
        known = _marked_files(self.landing)
        for path in _files(self.landing):
            name = path.relative_to(self.landing).as_posix()
            if known.get(name) != hashlib.sha256(path.read_bytes()).hexdigest():
                raise CommandError(f"{path} is a file that no demo made; it was kept", HINT)
        digests = set(_marked_files(self.lake).values())
        for path in _files(self.lake / "raw"):
            is_delivery = path.parent.parent.name == "objects" and DIGEST.fullmatch(path.name)
            if is_delivery and path.name not in digests:
                raise CommandError(
                    f"the lake {self.lake} holds deliveries that no demo made"
                    f" ({path.name[:12]}…); it was kept",
                    HINT,
                )
        if is_served(self.home):
            raise CommandError(
                "`lakehouse up` is running on these folders",
                "lakehouse down stops it; then run the demo",
            )

    def clear(self) -> None:
        """Delete what an earlier demo made; each marker last, so that a crash can be repeated.

        Texts that follow from the code alone stay in the Dagster home.
        """
        for folder in self.all:
            if not (folder / MARKER).exists():
                continue
            for item in sorted(self._contents(folder), key=lambda item: item.name == MARKER):
                if item.is_dir() and not item.is_symlink():
                    shutil.rmtree(item)
                else:
                    item.unlink()

    def _contents(self, folder: Path) -> list[Path]:
        """Return what is in a folder, without texts that follow from the code alone."""
        if not folder.exists():
            return []
        kept = self.home / CODE_FOLDER
        return [item for item in folder.iterdir() if item != kept]

    def mark(self, files: dict[str, str]) -> None:
        """Record generated files (path → SHA-256) in the markers of the demo's folders."""
        for folder in self.all:
            if any(self._contents(folder)) and not (folder / MARKER).exists():
                continue
            folder.mkdir(parents=True, exist_ok=True)
            marked = _marked_files(folder) | files
            (folder / MARKER).write_text(json.dumps(marked, indent=0), "utf-8")


def demo_settings(into: Path | None) -> Settings:
    """Return the settings of the demo, and set them in the environment for the runs it starts.

    Raises:
        CommandError: the lake or the landing zone is on S3.
    """
    settings = Settings.from_env()
    if into is not None:
        base = into.absolute()
        settings = replace(settings, root=str(base / "lake"), landing=str(base / "landing"))
        os.environ["LAKEHOUSE_ROOT"] = settings.root
        os.environ["LAKEHOUSE_LANDING"] = settings.landing
        os.environ["DAGSTER_HOME"] = str(base / "dagster")
    for variable, uri in (
        ("LAKEHOUSE_ROOT", settings.root),
        ("LAKEHOUSE_LANDING", settings.landing),
    ):
        if uri.startswith("s3://"):
            raise CommandError(
                f"the demo needs local folders, but {variable} is {uri}",
                "lakehouse demo --into data/demo",
            )
    return settings


def _marked_files(folder: Path) -> dict[str, str]:
    marker = folder / MARKER
    return dict(json.loads(marker.read_text("utf-8"))) if marker.exists() else {}


def _files(folder: Path) -> list[Path]:
    return [
        Path(place) / name
        for place, _, names in os.walk(folder)
        for name in names
        if name != MARKER and not name.startswith(".tmp-")
    ]
