"""A result is computed once for the same inputs, and again for any others."""

import numpy as np
import pyarrow as pa
import pytest

from lakehouse.platform.forecasting.shared import SharedResults, digest_of

VALUES = np.array([[1.0, np.nan], [3.0, 4.0]])
ROWS = pa.table({"day": [1, 2], "unit": ["a", None]})


def test_a_result_is_computed_once_and_cannot_be_changed():
    shared = SharedResults[np.ndarray](lambda array: [array])
    computed = []

    def compute() -> np.ndarray:
        computed.append(1)
        return np.ones(3)

    first = shared.of("a", compute)
    assert shared.of("a", compute) is first
    assert shared.of("b", compute) is not first
    assert len(computed) == 2
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 2.0


def test_an_error_is_not_kept():
    shared = SharedResults[np.ndarray](lambda array: [array])
    with pytest.raises(ZeroDivisionError):
        shared.of("a", lambda: np.ones(1) * (1 // 0))
    assert shared.of("a", lambda: np.ones(1)) == np.ones(1)


def test_the_oldest_results_go_when_there_are_too_many_bytes():
    shared = SharedResults[np.ndarray](lambda array: [array], most_bytes=2 * 8)
    made = {key: shared.of(key, lambda: np.ones(1)) for key in "abc"}
    assert shared.of("c", lambda: np.zeros(1)) is made["c"]
    assert shared.of("b", lambda: np.zeros(1)) is made["b"]
    assert shared.of("a", lambda: np.zeros(1)) is not made["a"]
    large = shared.of("large", lambda: np.ones(9))
    assert shared.of("large", lambda: np.ones(9)) is not large


@pytest.mark.parametrize(
    "other",
    [
        (VALUES + 1, {"rows": ROWS}),
        (VALUES.reshape(1, 4), {"rows": ROWS}),
        (VALUES.astype(np.float32), {"rows": ROWS}),
        (VALUES, {"others": ROWS}),
        (VALUES, {"rows": ROWS.slice(1)}),
        (VALUES, {"rows": ROWS.rename_columns(["day", "place"])}),
        (VALUES, {"rows": pa.table({"day": [1, 2], "unit": ["a", "b"]})}),
        (VALUES,),
    ],
)
def test_other_inputs_have_another_digest(other: tuple[object, ...]):
    assert digest_of(*other) != digest_of(VALUES, {"rows": ROWS})


def test_equal_inputs_have_the_same_digest_whatever_their_place_in_memory():
    chunks = pa.concat_tables([ROWS.slice(0, 1), ROWS.slice(1)])
    strided = np.asfortranarray(VALUES)
    assert digest_of(strided, {"rows": chunks}) == digest_of(VALUES, {"rows": ROWS})
