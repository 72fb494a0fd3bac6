"""How a domain declares that a model can be trained: `MODELS` of its module ``training``."""

import importlib
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakehouse.platform.models.artefact import TrainedModel
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.tables.domains import DOMAINS


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
