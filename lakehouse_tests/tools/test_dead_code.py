from pathlib import Path

import pytest

from tools.dead_code import main

CONFIG = """
[tool.vulture]
paths = ["{}"]
min_confidence = 60
ignore_decorators = ["@silver*"]
ignore_names = []
"""

MODULE = """
import json

def silver(contract):
    return lambda function: function

class Orders:
    order_id: int

@silver(contract=Orders)
def orders(): ...

class Dates(json.JSONEncoder):
    def default(self, o): ...

    def {}(self): ...

def main():
    Dates().used()

main
"""


@pytest.mark.parametrize(("name", "unused"), [("used", False), ("forgotten", True)])
def test_a_method_nobody_calls_is_found_and_tables_columns_and_overrides_are_not(
    tmp_path: Path, monkeypatch, capsys, name: str, unused: bool
):
    package = f"sample_{name}"
    (tmp_path / package).mkdir()
    (tmp_path / package / "orders.py").write_text(MODULE.format(name), "utf-8")
    (tmp_path / "pyproject.toml").write_text(CONFIG.format(package), "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    assert main() == unused
    output = capsys.readouterr().out
    assert output.count("unused") == unused
    assert ("forgotten" in output) == unused
