"""Published lakes with planted errors, and the dashboard over them.

`shop` has Mr. Health alone; `company` has all domains.
"""

import datetime as dt
import shutil
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from lakehouse.dashboard.pages import HELD, tables
from lakehouse.dashboard.server import application, flask_app
from lakehouse.dashboard.snapshots import Snapshot, Snapshots
from lakehouse.demo.mrhealth import Plan, deliveries, reference
from lakehouse.platform.storage.lake import Lake
from lakehouse.platform.storage.published import publish
from lakehouse.platform.web.guard import Policy, names_of
from lakehouse.settings import Settings
from lakehouse_tests import lakes
from lakehouse_tests.dashboard.company import CLIENT, deliver

FIRST, DAYS = dt.date(2026, 1, 5), 24
LAST = FIRST + dt.timedelta(days=DAYS - 1)
PLAN = Plan(units=6, first=FIRST, days=DAYS, orders_per_unit=8)


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a lake in which Mr. Health is published once."""
    folder = tmp_path_factory.mktemp("dashboard")
    settings = Settings(root=str(folder / "lake"), landing=str(folder / "landing"), threads=1)
    Path(settings.landing).mkdir()
    lakes.land([*reference(PLAN), *deliveries(PLAN)], settings)
    lakes.build([FIRST + dt.timedelta(days=n) for n in range(DAYS)], settings)
    publish(Lake(settings.root), "mrhealth")
    return settings


@pytest.fixture(scope="session")
def company(shop: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a lake in which every domain is published once."""
    folder = tmp_path_factory.mktemp("company")
    shutil.copytree(shop.root, folder / "lake")
    shutil.copytree(shop.landing, folder / "landing")
    deliver(folder)
    return replace(shop, root=str(folder / "lake"), landing=str(folder / "landing"))


@pytest.fixture(scope="session")
def snapshot(company: Settings) -> Snapshot:
    return Snapshots(Lake(company.root), company, names=tables(), held=HELD).current()


@pytest.fixture(scope="session")
def asked(snapshot: Snapshot) -> Mapping[str, str]:
    """What a page needs in its address to show anything, for a role that sees no numbers."""
    ((code,),) = (
        row.values() for row in snapshot.rows(f"SELECT {snapshot.codes.sql(str(CLIENT))}")
    )
    return {"/cliente": f"?cliente={code}", "/tabela": "?nome=gold.cards_clients"}


def tomorrow() -> dt.date:
    """The day on which the newest day of the lake is yesterday."""
    return LAST + dt.timedelta(days=1)


@pytest.fixture(scope="session")
def client(company: Settings) -> Any:
    """A client of the application without the guard."""
    return flask_app(company, tomorrow).test_client()


@pytest.fixture(scope="session")
def served(company: Settings) -> Iterator[str]:
    """Address of the dashboard behind the guard, as `lakehouse dashboard` serves it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = application(company, Policy(hosts=names_of("127.0.0.1")))
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + 60
    while not server.started and time.monotonic() < end:
        time.sleep(0.05)
    assert server.started
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=10)
