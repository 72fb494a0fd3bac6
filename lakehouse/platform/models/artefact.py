"""What training makes: bytes in a format that runs no code, and everything they follow from."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lakehouse.platform.storage.table_id import is_name_part

VERSION_DIGITS = 16


class ModelError(Exception):
    """A model cannot be registered, read or promoted; the message says what to do."""


class Form(StrEnum):
    """Formats of model files. Reading one parses data; none can hold code that is run."""

    JSON = "json"
    """UTF-8 JSON: parameters of our own models, and trees of XGBoost."""
    LIGHTGBM = "lightgbm"
    """The text format of LightGBM."""
    PARQUET = "parquet"
    """Parameters as rows, such as one row for each series."""


def _is_json(content: bytes) -> bool:
    try:
        json.loads(content)
    except ValueError:
        return False
    return True


_MATCHES: Mapping[Form, Callable[[bytes], bool]] = {
    Form.JSON: _is_json,
    Form.LIGHTGBM: lambda content: content.startswith(b"tree\n"),
    Form.PARQUET: lambda content: content[:4] == b"PAR1" == content[-4:],
}


@dataclass(frozen=True, kw_only=True)
class TrainingTable:
    """One table that a model was trained on.

    Attributes:
        table: name in SQL.
        version: version of the Delta table that was read.
        days: number of its days.
        rows: number of its rows.
        digest: digest of the contents of these days; equal contents have equal digests, also when
            the table was built again.
    """

    table: str
    version: int
    days: int
    rows: int
    digest: str


@dataclass(frozen=True, kw_only=True)
class TrainedModel:
    """A model as training made it.

    Args:
        name: name within its domain: lower-case words joined by underscores.
        form: format of the content.
        content: the bytes of the model. They must follow from the other fields alone, so they
            contain neither times nor names of machines.
        seed: seed of every random choice.
        code: version of the code that trained it, see `inputs.code_version`.
        parameters: what was chosen before training; values of JSON.
        metrics: measured quality, such as ``test_brier``; finite numbers.
        data: the tables it was trained on, see `inputs.training_table`.
    """

    name: str
    form: Form
    content: bytes
    seed: int
    code: str
    parameters: Mapping[str, Any]
    metrics: Mapping[str, float]
    data: tuple[TrainingTable, ...]

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of the content."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def version(self) -> str:
        """Return the version: a digest of content, data, code, seed and parameters.

        The numbers of table versions do not count, so a table that was built again with the same
        rows leads to the same version.
        """
        made_from = {
            "name": self.name,
            "form": self.form.value,
            "sha256": self.sha256,
            "seed": self.seed,
            "code": self.code,
            "parameters": dict(self.parameters),
            "data": sorted((each.table, each.digest) for each in self.data),
        }
        return hashlib.sha256(canonical(made_from).encode()).hexdigest()[:VERSION_DIGITS]


def canonical(value: Any) -> str:
    """Return a value as JSON text that depends on the value only.

    Raises:
        ValueError: it contains NaN or infinity.
        TypeError: it contains a value that JSON does not have.

    >>> canonical({"b": 1, "a": [1.5, None]})
    '{"a":[1.5,null],"b":1}'
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False
    )


def require_sound(model: TrainedModel) -> None:
    """Check the name, the format and the numbers of a model before it is kept.

    Raises:
        ModelError: the content is not of its format, such as a pickle, or a value is not finite.
    """
    if not is_name_part(model.name):
        raise ModelError(
            f"{model.name!r} cannot name a model. hint: lower-case words joined by underscores"
        )
    if not _MATCHES[model.form](model.content):
        raise ModelError(
            f"{model.name}: the content is not {model.form.value}, it begins with"
            f" {model.content[:8]!r}. hint: store parameters as one of"
            f" {', '.join(each.value for each in Form)}; a pickle is never stored, because reading"
            " it runs code"
        )
    for what, values in (("parameters", model.parameters), ("metrics", model.metrics)):
        try:
            canonical(dict(values))
        except (TypeError, ValueError) as error:
            raise ModelError(
                f"{model.name}: {what} are not plain JSON ({error}). hint: leave out values that"
                " cannot be measured"
            ) from error
