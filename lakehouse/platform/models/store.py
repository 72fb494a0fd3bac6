"""Register versions of models and read them.

The bytes are the object ``_models/<domain>/<aa>/<sha256>``, written once; `vacuum` never deletes
them. What they follow from is a row of ``ops/<domain>/models``.
"""

import datetime as dt
import hashlib
from dataclasses import asdict

from lakehouse.platform.models.artefact import (
    ModelError,
    TrainedModel,
    canonical,
    require_sound,
)
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.object_store import ObjectTooLarge
from lakehouse.platform.storage.published import publish, read_published
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.ops_tables import MODELS, ModelVersion
from lakehouse.platform.tables.stored_rows import add_row, rows_of

FOLDER = "_models"


def models_table(domain: str) -> TableId:
    """Return the table that holds the versions of a domain's models."""
    return TableId("ops", domain, MODELS.name)


def register(
    lake: Lake,
    domain: str,
    model: TrainedModel,
    *,
    run_id: str | None,
    now: dt.datetime,
    today: dt.date,
) -> ModelVersion:
    """Keep a trained model and return its version; it is not in use until it is promoted.

    A model that is registered already is not added again: its first row is returned.

    Args:
        lake: where it is kept.
        domain: domain that it belongs to.
        model: what training made.
        run_id: Dagster run that trained it; None for a command.
        now: moment of the registration, with time zone.
        today: date of that moment in the time zone of the lake.

    Raises:
        ModelError: the content is not of its format, or a number is not finite.
        DayConflict: others registered models during every attempt.
    """
    require_sound(model)
    _keep(lake, domain, model)
    known = {(each.name, each.version): each for each in models_of(lake, domain)}
    if (model.name, model.version) in known:
        return known[model.name, model.version]
    row = ModelVersion(
        day=today,
        name=model.name,
        version=model.version,
        form=model.form.value,
        sha256=model.sha256,
        size=len(model.content),
        seed=model.seed,
        code=model.code,
        parameters=canonical(dict(model.parameters)),
        metrics=canonical(dict(model.metrics)),
        data=canonical([asdict(each) for each in model.data]),
        run_id=run_id,
        registered_at=now,
    )
    add_row(lake, models_table(domain), MODELS, row, note={"by": f"model {model.name}"})
    show_newest(lake, models_table(domain))
    return row


def _keep(lake: Lake, domain: str, model: TrainedModel) -> None:
    """Write the object of a model, unless it is there with the same bytes."""
    path = _path(domain, model.sha256)
    if not lake.store.create(path, model.content) and not _is_intact(
        lake, path, model.sha256, len(model.content)
    ):
        lake.store.write(path, model.content)


def models_of(lake: Lake, domain: str, name: str | None = None) -> list[ModelVersion]:
    """Return the versions of a domain's models, or of one of them, the oldest first."""
    found = [
        each
        for each in rows_of(lake, models_table(domain), MODELS)
        if name is None or each.name == name
    ]
    return sorted(found, key=lambda each: (each.registered_at, each.name, each.version))


def content_of(lake: Lake, domain: str, model: ModelVersion) -> bytes:
    """Return the bytes of a version, after comparing them with its SHA-256.

    Raises:
        ModelError: the object is missing or its bytes are not those that were registered.
    """
    path = _path(domain, model.sha256)
    try:
        content = lake.store.read(path, limit=model.size)
    except FileNotFoundError:
        content = None
    except ObjectTooLarge:
        content = b""
    if content is None or hashlib.sha256(content).hexdigest() != model.sha256:
        problem = "is missing" if content is None else "is not what was registered"
        raise ModelError(
            f"model {domain}/{model.name} {model.version}: {lake.store.url(path)}"
            f" {problem}. hint: train again, because the same data give the same bytes; or"
            f" `lakehouse models rollback {domain}/{model.name}`"
        )
    return content


def _is_intact(lake: Lake, path: str, sha256: str, size: int) -> bool:
    try:
        return hashlib.sha256(lake.store.read(path, limit=size)).hexdigest() == sha256
    except (FileNotFoundError, ObjectTooLarge):
        return False


def show_newest(lake: Lake, table: TableId) -> None:
    """Publish the newest version of an ops table, so that SQL shows it.

    Without an earlier publication of the domain, readers see the newest versions anyway.
    """
    if read_published(lake, table.domain) is not None:
        publish(
            lake,
            table.domain,
            note={"by": f"change of {table.name}"},
            only=lambda each: each == table,
        )


def _path(domain: str, sha256: str) -> str:
    return f"{FOLDER}/{domain}/{sha256[:2]}/{sha256}"
