"""Which version of a model is in use: decisions are added, and the newest one counts."""

import datetime as dt
import secrets
from collections.abc import Iterable

import pyarrow as pa

from lakehouse.platform.models.artefact import ModelError
from lakehouse.platform.models.store import content_of, models_of, show_newest
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.table_id import TableId
from lakehouse.platform.tables.ops_tables import (
    MODEL_DECISIONS,
    ModelDecision,
    ModelStep,
    ModelVersion,
)
from lakehouse.platform.tables.stored_rows import add_row, rows_of


def decisions_table(domain: str) -> TableId:
    """Return the table that holds the decisions about a domain's models."""
    return TableId("ops", domain, MODEL_DECISIONS.name)


def decisions(lake: Lake, domain: str, name: str | None = None) -> list[ModelDecision]:
    """Return the decisions about a domain's models, or about one of them, the oldest first."""
    found = rows_of(lake, decisions_table(domain), MODEL_DECISIONS)
    found = [each for each in found if name is None or each.name == name]
    return sorted(found, key=lambda each: (each.decided_at, each.decision_id))


def promoted_versions(steps: Iterable[ModelDecision]) -> list[str]:
    """Return the versions that were promoted and not rolled back; the last one is in use.

    Args:
        steps: decisions about one model, the oldest first.
    """
    stack: list[str] = []
    for each in steps:
        if each.step is ModelStep.ROLLED_BACK:
            del stack[-1:]
        elif stack[-1:] != [each.version]:
            stack.append(each.version)
    return stack


def promoted(lake: Lake, domain: str, name: str) -> ModelVersion | None:
    """Return the version of a model that is in use; None before the first promotion."""
    stack = promoted_versions(decisions(lake, domain, name))
    if not stack:
        return None
    return find_version(models_of(lake, domain, name), f"{domain}/{name}", stack[-1])


def promoted_content(lake: Lake, domain: str, name: str) -> pa.Table:
    """Return the version in use and its bytes as one row; no row before the first promotion.

    Raises:
        ModelError: the bytes are missing or damaged.
    """
    used = promoted(lake, domain, name)
    rows = [] if used is None else [(used.version, content_of(lake, domain, used))]
    return pa.table(
        {
            "version": pa.array([version for version, _ in rows], pa.string()),
            "content": pa.array([content for _, content in rows], pa.binary()),
        }
    )


def find_version(versions: Iterable[ModelVersion], model: str, wanted: str) -> ModelVersion:
    """Return the version that begins with these digits.

    Raises:
        ModelError: none or several do.
    """
    found = [each for each in versions if each.version.startswith(wanted)]
    if len(found) != 1:
        problem = "has no version" if not found else "has several versions that begin with"
        raise ModelError(
            f"model {model} {problem} {wanted!r}. hint: `lakehouse models list` shows them"
        )
    return found[0]


def promote(
    lake: Lake,
    domain: str,
    model: ModelVersion,
    *,
    by: str,
    now: dt.datetime,
    today: dt.date,
    note: str | None = None,
) -> ModelDecision | None:
    """Put a version into use and return the decision; None when it is in use already.

    Raises:
        ModelError: its bytes are missing or damaged; nothing changed.
        DayConflict: others decided during every attempt.
    """
    content_of(lake, domain, model)
    stack = promoted_versions(decisions(lake, domain, model.name))
    if stack[-1:] == [model.version]:
        return None
    return _decide(lake, domain, model, ModelStep.PROMOTED, by=by, now=now, today=today, note=note)


def roll_back(
    lake: Lake,
    domain: str,
    name: str,
    *,
    by: str,
    now: dt.datetime,
    today: dt.date,
    note: str | None = None,
) -> ModelDecision:
    """Put the version that was in use before into use again and return the decision.

    Raises:
        ModelError: no version was in use before, or its bytes are missing or damaged.
        DayConflict: others decided during every attempt.
    """
    stack = promoted_versions(decisions(lake, domain, name))
    if len(stack) < 2:
        raise ModelError(
            f"model {domain}/{name} has no version that was in use before. hint: `lakehouse models"
            f" list --domain {domain}` shows its versions, `promote` puts one into use"
        )
    before = find_version(models_of(lake, domain, name), f"{domain}/{name}", stack[-2])
    content_of(lake, domain, before)
    return _decide(
        lake, domain, before, ModelStep.ROLLED_BACK, by=by, now=now, today=today, note=note
    )


def _decide(
    lake: Lake,
    domain: str,
    model: ModelVersion,
    step: ModelStep,
    *,
    by: str,
    now: dt.datetime,
    today: dt.date,
    note: str | None,
) -> ModelDecision:
    decision = ModelDecision(
        day=today,
        decision_id=secrets.token_hex(8),
        name=model.name,
        version=model.version,
        step=step,
        note=note,
        decided_by=by,
        decided_at=now,
    )
    table = decisions_table(domain)
    add_row(lake, table, MODEL_DECISIONS, decision, note={"by": f"model {model.name} {step}"})
    show_newest(lake, table)
    return decision
