"""Read a listed file of the landing zone: complete, and unchanged since it was listed.

Executors import this module: they need the package `lakehouse`, but neither Ibis nor Pandera.
"""

import os
import stat as mode

from lakehouse.platform.ingestion.errors import FileChanged, LandingError, ReadRejected
from lakehouse.platform.ingestion.listing import modified_at
from lakehouse.platform.ingestion.path_problems import UnrecognizedReason
from lakehouse.platform.ingestion.paths import RecognizedFile
from lakehouse.platform.storage.disk import DiskStore
from lakehouse.platform.storage.object_store import ObjectStore
from lakehouse.platform.storage.outside_causes import is_outside_cause, problem_of
from lakehouse.platform.tables.deliveries_model import UNREADABLE


def read_listed(store: ObjectStore, file: RecognizedFile, *, limit: int) -> bytes:
    """Return the bytes of a listed file, complete and unchanged since it was listed.

    Args:
        store: the landing root.
        file: the listed file.
        limit: largest allowed size in bytes.

    Raises:
        FileChanged: the file is gone, was replaced or grew; the next listing shows its state.
        ReadRejected: the file is larger than `limit`, a symbolic link replaced it, or it cannot
            be read (reason ``unreadable``).
    """
    if file.size > limit:
        raise ReadRejected(
            f"{file.path} has {file.size:,} bytes, the limit is {limit:,};"
            " hint: split the file or raise LAKEHOUSE_MAX_FILE_MB",
            reason="too_large",
        )
    try:
        if isinstance(store, DiskStore):
            data = _read_from_disk(store.uri, file)
        else:
            with store.open(file.path) as stream:
                data = stream.read(file.size + 1)
    except FileNotFoundError as error:
        raise FileChanged(f"{file.path} is gone since it was listed") from error
    except LandingError:
        raise
    except Exception as error:
        if not is_outside_cause(error):
            raise
        raise ReadRejected(
            f"{file.path} cannot be read ({problem_of(error)}); each ingestion tries it again;"
            " hint: give this user permission to read the file and to enter its folders, or"
            " end what locks it",
            reason=UNREADABLE,
        ) from error
    if len(data) != file.size:
        raise FileChanged(
            f"{file.path} had {file.size:,} bytes when it was listed and has another size now"
        )
    return data


def _read_from_disk(root: str, file: RecognizedFile) -> bytes:
    """Read a file on disk, opening each folder of its path by descriptor and following no link.

    Checking the path before opening it would leave time to swap a folder in between.
    """
    *folders, name = file.path.split("/")
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part, flag in [
            *((folder, os.O_DIRECTORY) for folder in folders),
            (name, os.O_NONBLOCK),
        ]:
            below = _open_at(part, flag, descriptor, file)
            os.close(descriptor)
            descriptor = below
        _check_as_listed(os.fstat(descriptor), file)
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            data = stream.read(file.size + 1)
        _check_as_listed(os.fstat(descriptor), file)
        return data
    finally:
        os.close(descriptor)


def _open_at(name: str, flag: int, folder: int, file: RecognizedFile) -> int:
    """Open one part of a path in an open folder; return its descriptor."""
    try:
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | flag, dir_fd=folder)
    except OSError as error:
        try:
            linked = mode.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
        except FileNotFoundError:
            linked = False
        if linked:
            raise ReadRejected(
                f"{file.path}: {name!r} became a symbolic link after it was listed;"
                " hint: replace it by the file or folder itself",
                reason=UnrecognizedReason.SYMLINK.value,
            ) from error
        if isinstance(error, NotADirectoryError):
            raise FileNotFoundError(file.path) from error
        raise


def _check_as_listed(status: os.stat_result, file: RecognizedFile) -> None:
    unchanged = (status.st_size, modified_at(status)) == (file.size, file.modified_at)
    if not unchanged or not mode.S_ISREG(status.st_mode):
        raise FileChanged(f"{file.path} changed since it was listed; the next listing includes it")
