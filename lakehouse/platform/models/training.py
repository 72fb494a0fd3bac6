"""How a domain declares that a model can be trained: `MODELS` of its module ``training``."""

import datetime as dt
import importlib
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakehouse.platform.models.artefact import TrainedModel
from lakehouse.platform.models.promotion import promote
from lakehouse.platform.models.store import register
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.domains import DOMAINS
from lakehouse.platform.tables.ops_tables import ModelVersion


@dataclass(frozen=True, kw_only=True)
class Figures:
    """A table of the report of a training: title, headings and rows."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True, kw_only=True)
class Training:
    """The result of a training: the model to publish, and what it was compared with.

    Attributes:
        model: the best model; baselines take part, so it may be one of them.
        figures: tables of its quality, such as errors of all models.
        conclusion: which model was selected and why, in one or two sentences.
    """

    model: TrainedModel
    figures: tuple[Figures, ...]
    conclusion: str


Train = Callable[[Lake], Training]


def trainings_of(domain: str) -> Mapping[str, Train]:
    """Return the models of a domain by name, each with the function that trains it.

    The function reads published tables and writes nothing.
    """
    name = f"{DOMAINS}.{domain}.training"
    if importlib.util.find_spec(name) is None:
        return {}
    found: Mapping[str, Train] = importlib.import_module(name).MODELS
    return found


def keep(
    lake: Lake,
    domain: str,
    model: TrainedModel,
    *,
    by: str,
    run_id: str | None,
    now: dt.datetime,
    today: dt.date,
    promotes: bool,
) -> tuple[ModelVersion, bool]:
    """Register a trained model and put it into use.

    Args:
        lake: where it is kept.
        domain: domain that it belongs to.
        model: what training made.
        by: who trained it.
        run_id: Dagster run that trained it; None for a command.
        now: moment of the registration, with time zone.
        today: date of that moment in the time zone of the lake.
        promotes: whether it is put into use.

    Returns:
        The version, and whether it was put into use: not when it is in use already.

    Raises:
        ModelError: the content is not of its format, or a number is not finite.
        DayConflict: others registered models during every attempt.
    """
    version = register(lake, domain, model, run_id=run_id, now=now, today=today)
    done = promotes and promote(lake, domain, version, by=by, now=now, today=today) is not None
    return version, done
