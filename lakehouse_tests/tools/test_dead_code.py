from pathlib import Path

import pytest

from tools.dead_code import main

CONFIG = """
[tool.vulture]
paths = ["package"]
min_confidence = 60
ignore_decorators = ["@silver*"]
ignore_names = []
"""

MODULE = """
class Orders:
    order_id: int

@silver(contract=Orders)
def orders(): ...

def {}(): ...

used()
"""


@pytest.mark.parametrize(("name", "unused"), [("used", False), ("forgotten", True)])
def test_a_function_nobody_calls_is_found_and_contracts_and_tables_are_not(
    tmp_path: Path, monkeypatch, capsys, name: str, unused: bool
):
    (tmp_path / "package").mkdir()
    (tmp_path / "package/orders.py").write_text(MODULE.format(name), "utf-8")
    (tmp_path / "pyproject.toml").write_text(CONFIG, "utf-8")
    monkeypatch.chdir(tmp_path)
    assert main() == unused
    said = capsys.readouterr().out
    assert said.count("unused") == unused
    assert ("forgotten" in said) == unused
