"""Attacks on the real Dagster UI: pages of other sites, other names, links that change data."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from lakehouse.platform.local_runtime import webserver
from lakehouse.settings import SettingsError
from lakehouse_tests.platform.web.client import (
    ask,
    clean_environment,
    free_port,
    graphql,
    websocket_status,
)

SERVER = (sys.executable, "-m", "lakehouse.platform.local_runtime.webserver")
JOB = """
import dagster as dg

@dg.op
def nothing(): ...

@dg.job
def attacked(): nothing()
"""
INSTANCE = """
telemetry: {enabled: false}
run_coordinator: {module: dagster.core.run_coordinator, class: QueuedRunCoordinator}
"""
"""A launched run stays queued: no daemon runs."""
LAUNCH = (
    "mutation { launchRun(executionParams: {runConfigData: {}, selector: {"
    'repositoryLocationName: "attacked.py", repositoryName: "__repository__attacked",'
    ' jobName: "attacked"'
    "}}) { __typename ... on PythonError { message } } }"
)
RUNS = "{ runsOrError { ... on Runs { count } } }"
BODY = json.dumps({"query": LAUNCH}).encode()
JSON = "application/json"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Start the web server with a job that an attacker would like to launch."""
    folder = tmp_path_factory.mktemp("attacked")
    (folder / "attacked.py").write_text(JOB)
    (folder / "home").mkdir()
    (folder / "home" / "dagster.yaml").write_text(INSTANCE)
    port = free_port()
    log = folder / "log"
    with log.open("wb") as to:
        process = subprocess.Popen(
            [*SERVER, "-h", "127.0.0.1", "-p", str(port), "-f", "attacked.py"],
            cwd=folder,
            env=clean_environment(DAGSTER_HOME=str(folder / "home")),
            stdin=subprocess.DEVNULL,
            stdout=to,
            stderr=subprocess.STDOUT,
        )
    try:
        end = time.monotonic() + 180
        while process.poll() is None and not _ready(port):
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.2)
        assert process.poll() is None, log.read_text()
        yield port
    finally:
        process.terminate()
        process.wait(60)


def _ready(port: int) -> bool:
    try:
        return ask(port, path="/server_info").status == 200
    except OSError:
        return False


def _launched(port: int) -> int:
    return int(graphql(port, RUNS)["runsOrError"]["count"])


def test_the_page_itself_launches_a_run_and_opens_a_websocket(port: int):
    """Prove that the attacks below fail for their one difference to this request."""
    before = _launched(port)
    for origin in (f"http://127.0.0.1:{port}", f"http://localhost:{port}"):
        host = origin.removeprefix("http://")
        answer = graphql(
            port, LAUNCH, Host=host, Origin=origin, **{"Sec-Fetch-Site": "same-origin"}
        )
        assert answer["launchRun"]["__typename"] == "LaunchRunSuccess"
        assert websocket_status(port, Host=host, Origin=origin) == 101
    assert _launched(port) == before + 2
    page = ask(port, path="/runs?q=x", headers={"Accept": "text/html"})
    assert page.status == 200
    assert page.headers["x-frame-options"] == "SAMEORIGIN"


FOREIGN = "https://evil.example"
ATTACKS: dict[str, tuple[str, str, dict[str, str]]] = {
    "text": ("POST", "/graphql", {"Content-Type": "text/plain"}),
    "text that mentions JSON": (
        "POST",
        "/graphql",
        {"Content-Type": "text/plain; application/json"},
    ),
    "form": ("POST", "/graphql", {"Content-Type": "application/x-www-form-urlencoded"}),
    "multipart": ("POST", "/graphql", {"Content-Type": "multipart/form-data; boundary=x"}),
    "graphql": ("POST", "/graphql", {"Content-Type": "application/graphql"}),
    "no type": ("POST", "/graphql", {}),
    "parameters": ("POST", f"/graphql?query={quote(LAUNCH)}", {"Content-Type": "text/plain"}),
    "link": ("GET", f"/graphql?query={quote(LAUNCH)}", {}),
    "link that ends with a newline": ("GET", f"/graphql%0A?query={quote(LAUNCH)}", {}),
    "link in other letters": ("GET", f"/%67raphql?query={quote(LAUNCH)}", {}),
    "foreign page": ("POST", "/graphql", {"Content-Type": JSON, "Origin": FOREIGN}),
    "sandboxed page": ("POST", "/graphql", {"Content-Type": JSON, "Origin": "null"}),
    "other port": ("POST", "/graphql", {"Content-Type": JSON, "Origin": "http://127.0.0.1:1"}),
    "foreign page without Origin": (
        "POST",
        "/graphql",
        {"Content-Type": JSON, "Sec-Fetch-Site": "cross-site"},
    ),
    "foreign name": ("POST", "/graphql", {"Content-Type": JSON, "Host": "evil.example"}),
    "name that starts well": ("POST", "/graphql", {"Content-Type": JSON, "Host": "localhost.evil"}),
    "report": ("POST", "/report_asset_materialization/gold", {"Content-Type": "text/plain"}),
    "other method": ("PUT", "/graphql", {"Content-Type": JSON}),
    "question of a foreign page": ("OPTIONS", "/graphql", {"Origin": FOREIGN}),
    "script": (
        "GET",
        "/server_info",
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    ),
    "frame": (
        "GET",
        "/",
        {
            "Sec-Fetch-Site": "cross-site",
            "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": "iframe",
        },
    ),
    "foreign name reads": ("GET", "/server_info", {"Host": "rebound.example:80"}),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_rejected_and_launches_nothing(port: int, attack: str):
    method, path, headers = ATTACKS[attack]
    before = _launched(port)
    answer = ask(port, method, path, headers, BODY if method == "POST" else b"")
    assert answer.status in (400, 403, 405, 415), answer
    assert "access-control-allow-origin" not in answer.headers
    assert "evil" not in answer.text, "nothing of a request is repeated"
    assert _launched(port) == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": FOREIGN},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
    ],
    ids=str,
)
def test_the_websocket_of_another_page_is_rejected(port: int, headers: dict[str, str]):
    assert websocket_status(port, **headers) == 403


def test_a_link_of_another_site_opens_the_page(port: int):
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    answer = ask(port, path="/runs", headers=followed | {"Sec-Fetch-Dest": "document"})
    assert answer.status == 200
    assert "<html" in answer.text


def test_the_server_rejects_to_listen_for_other_machines_without_a_login(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(sys, "argv", ["webserver", "-h", "0.0.0.0", "-f", "attacked.py"])
    monkeypatch.delenv("LAKEHOUSE_LOGINS", raising=False)
    with pytest.raises(SettingsError, match="without a login"):
        webserver.main()
