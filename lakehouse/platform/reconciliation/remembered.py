"""Remember in the lake which files were damaged, so that the next look compares them first."""

import json
from collections.abc import Collection

from lakehouse.platform.storage.lake import Lake

FOLDER = "_findings"


def remember(domain: str, lake: Lake, *, damaged: Collection[str], intact: Collection[str]) -> None:
    """Add the paths of damaged files, and remove those of files that are intact now."""
    known = remembered(domain, lake)
    found = (known - set(intact)) | set(damaged)
    if found != known:
        lake.store.write(_path(domain), json.dumps(sorted(found), indent=1).encode())


def remembered(domain: str, lake: Lake) -> frozenset[str]:
    """Return the paths of the files that were damaged when they were compared last."""
    try:
        return frozenset(json.loads(lake.store.read(_path(domain))))
    except (FileNotFoundError, ValueError, TypeError):
        return frozenset()


def _path(domain: str) -> str:
    return f"{FOLDER}/{domain}.json"
