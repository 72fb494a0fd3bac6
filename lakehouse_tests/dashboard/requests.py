"""Requests of the pages as a browser sends them, and parts of the answers."""

import json
from collections.abc import Mapping
from typing import Any

from lakehouse_tests.platform.web.client import Answer, ask

JSON = {"Content-Type": "application/json"}
CONTENT = (
    ("cabecalho", "children"),
    ("conteudo-recebido", "data"),
    ("idiomas", "children"),
    ("versao", "data"),
    ("aviso-versao", "children"),
)


def answer_of(port: int, headers: dict[str, str], body: bytes) -> Answer:
    """Send the request of a callback."""
    return ask(port, "POST", "/_dash-update-component", headers | JSON, body)


def content_of(path: str, search: str) -> bytes:
    """Return the request that shows a page."""
    outputs = [{"id": name, "property": prop} for name, prop in CONTENT]
    body = {
        "output": ".." + "...".join(f"{o['id']}.{o['property']}" for o in outputs) + "..",
        "outputs": outputs,
        "inputs": [
            {"id": "url", "property": "pathname", "value": path},
            {"id": "url", "property": "search", "value": search},
        ],
        "changedPropIds": ["url.pathname"],
    }
    return json.dumps(body).encode()


def callback_of(
    port: int, headers: dict[str, str], output: str, pressed: Any, states: Mapping[str, Any]
) -> bytes:
    """Return the request of a callback whose only input is a pressed button.

    Args:
        port: of the dashboard.
        headers: with the session.
        output: the first output of the callback.
        pressed: id of the button.
        states: ``<id>.<property>`` → value of each state.
    """
    dependencies = json.loads(ask(port, path="/_dash-dependencies", headers=headers).text)
    (callback,) = (d for d in dependencies if d["output"].startswith(f"..{output}..."))
    outputs = [
        {"id": name.rpartition(".")[0], "property": name.rpartition(".")[2]}
        for name in callback["output"].strip(".").split("...")
    ]
    name = json.dumps(pressed, separators=(",", ":"), sort_keys=True)
    body = {
        "output": callback["output"],
        "outputs": outputs,
        "inputs": [[{"id": pressed, "property": "n_clicks", "value": 1}]],
        "state": [
            each | {"value": states[f"{each['id']}.{each['property']}"]}
            for each in callback["state"]
        ],
        "changedPropIds": [f"{name}.n_clicks"],
    }
    return json.dumps(body).encode()


def part_of(found: Any, name: str) -> dict[str, Any] | None:
    """Return the properties of a component by its id."""
    if isinstance(found, dict):
        if found.get("id") == name:
            return found
        found = list(found.values())
    if isinstance(found, list):
        parts = (part_of(each, name) for each in found)
        return next((each for each in parts if each is not None), None)
    return None
