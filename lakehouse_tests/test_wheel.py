"""A built wheel works in an empty folder, without the repository."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import urllib.request
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

import lakehouse

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[1]
BUILT_FROM = ("lakehouse", "pyproject.toml", "setup.py", "README.md", "LICENSE")
SECONDS = 300
"""How long a busy machine may take for any command here."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel with the installed tools, without the network."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("built")
    for name in BUILT_FROM:
        original = REPOSITORY / name
        if original.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(original, source / name, ignore=ignored)
        else:
            shutil.copy(original, source / name)
    options = ("--no-build-isolation", "--no-index", "--no-deps")
    run([sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", str(built), str(source)])
    (found,) = built.glob("lakehouse-*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel in a fresh environment that sees the packages of this one."""
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, with_pip=False, symlinks=True)
    paths = {"base": str(place), "platbase": str(place)}
    packages = Path(sysconfig.get_path("purelib", vars=paths))
    # A line of a .pth file adds a folder but does not read the .pth files in it, so the checkout
    # that is installed in this environment stays invisible.
    (packages / "tests.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [sys.executable, "-m", "pip", "--python", str(place / "bin" / "python")]
    run([*pip, "install", "--no-index", "--no-deps", str(wheel)])
    return place / "bin" / "lakehouse"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and an environment without settings."""
    ours = ("LAKEHOUSE_", "DAGSTER_", "PYTHONPATH", "AWS_")
    for name in [name for name in os.environ if name.startswith(ours)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done


def test_the_wheel_contains_the_package_and_its_configuration_only(wheel: Path):
    assert wheel.name == f"lakehouse-{lakehouse.__version__}-py3-none-any.whl"
    names = zipfile.ZipFile(wheel).namelist()
    assert "lakehouse/platform/local_runtime/dagster.yaml" in names
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"lakehouse"}


def test_the_demo_and_the_services_run_from_an_installed_wheel(installed: Path, folder: Path):
    assert run([str(installed), "--version"]).stdout.strip().endswith(lakehouse.__version__)
    run([str(installed), "demo", "--domain", "mrhealth", "--units", "2", "--days", "1"])
    revenue = "select count(*) from gold.mrhealth_fact_orders"
    assert int(run([str(installed), "sql", revenue]).stdout.split()[-1]) > 0
    port, dashboard_port = free_port(), free_port()
    services = subprocess.Popen(
        [str(installed), "up", "--port", str(port)],
        env={**os.environ, "LAKEHOUSE_DASHBOARD_PORT": str(dashboard_port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        assert services.stdout is not None
        lines = iter(services.stdout.readline, "")
        ready = next((line for line in lines if "Dagster UI: " in line), "")
        assert f"http://127.0.0.1:{port}" in ready, [*lines]
        with urllib.request.urlopen(f"http://127.0.0.1:{dashboard_port}/executivo") as page:
            assert b"lakehouse" in page.read().lower()
        services.send_signal(signal.SIGINT)
        assert services.wait(SECONDS) == 130
    finally:
        if services.poll() is None:
            os.killpg(services.pid, signal.SIGKILL)
    assert {path.name for path in folder.iterdir()} == {"data"}
