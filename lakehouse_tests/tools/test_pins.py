import pytest

from tools.pins import unmet

HASH = "    --hash=sha256:" + "0" * 64
LOCK = f"click==8.5.1 \\\n{HASH}\npandera==0.35.0 ; python_version < '4' \\\n{HASH}\n"


def test_a_complete_list_has_nothing_wrong():
    assert unmet(["click>=8.2", "Pandera[ibis]>=0.35"], LOCK) == []


@pytest.mark.parametrize(
    ("wanted", "lock", "wrong"),
    [
        (["click>=9"], LOCK, "click>=9 is required, but pinned is 8.5.1"),
        (["rich"], LOCK, "rich is required, but pinned is nothing"),
        ([], "click==8.5.1\n" + LOCK, "click==8.5.1 has no hash"),
        ([], f"--extra-index-url mirror\n{LOCK}", "names a package index or a host"),
        ([], f"click @ file:///wheels/click.whl\n{LOCK}", "names a package index or a host"),
    ],
)
def test_a_list_that_lags_or_leaks_is_rejected(wanted: list[str], lock: str, wrong: str):
    assert any(sentence.startswith(wrong) for sentence in unmet(wanted, lock))
