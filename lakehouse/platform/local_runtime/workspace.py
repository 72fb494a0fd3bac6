"""Load the definitions again only when the code server that has them is another one.

The stock daemon asks the code server for all definitions every minute and unpacks them, which takes
seconds for hundreds of assets. A code server never changes its definitions: other code is another
server, with another id, and a thread of Dagster's that watches the id loads them at once.
"""

from dagster._core.remote_representation.code_location import GrpcServerCodeLocation
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.workspace import CodeLocationEntry

_load_all = WorkspaceProcessContext.refresh_workspace


def load_when_changed() -> None:
    """Let each refresh of a workspace in this process leave unchanged code locations alone."""
    setattr(WorkspaceProcessContext, "refresh_workspace", _load_changed)  # noqa: B010


def _load_changed(context: WorkspaceProcessContext) -> None:
    entries = context.get_current_workspace().code_location_entries
    wanted = {origin.location_name for origin in context._origins}
    if wanted != set(entries) or not all(map(_is_current, entries.values())):
        _load_all(context)


def _is_current(entry: CodeLocationEntry) -> bool:
    """Return whether the server that gave the definitions answers, so that they are still right."""
    location = entry.code_location
    if not isinstance(location, GrpcServerCodeLocation):
        return False
    try:
        return bool(location.client.get_server_id() == location.server_id)
    except Exception:  # noqa: BLE001  whatever is wrong with the server, loading again reports it
        return False
