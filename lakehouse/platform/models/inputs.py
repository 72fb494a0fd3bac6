"""Which data and which code a model was trained with."""

import hashlib
import inspect
from collections.abc import Sequence
from importlib.metadata import version as installed_version
from types import ModuleType

from lakehouse import __version__
from lakehouse.platform.models.artefact import TrainingTable
from lakehouse.platform.storage.snapshot import Snapshot
from lakehouse.platform.storage.table_id import TableId


def training_table(table: TableId, snapshot: Snapshot) -> TrainingTable:
    """Return the record of a table that is read for training.

    Args:
        table: the table.
        snapshot: the version that is read, such as `ShownVersions.snapshot` gives it.
    """
    contents = "\n".join(f"{file.day} {file.data_version}" for file in snapshot.files)
    return TrainingTable(
        table=table.name,
        version=snapshot.version,
        days=len(snapshot.files),
        rows=sum(file.rows for file in snapshot.files),
        digest=hashlib.sha256(contents.encode()).hexdigest()[:16],
    )


def code_version(modules: Sequence[ModuleType], libraries: Sequence[str] = ()) -> str:
    """Return a text that changes when the code of training or one of its libraries changes.

    Args:
        modules: modules whose source decides what is trained.
        libraries: names of installed packages that train, such as ``xgboost-cpu``.
    """
    source = "".join(inspect.getsource(module) for module in modules)
    digest = hashlib.sha256(source.encode()).hexdigest()[:12]
    used = (f"{name} {installed_version(name)}" for name in sorted(libraries))
    return ", ".join([f"lakehouse {__version__} {digest}", *used])
