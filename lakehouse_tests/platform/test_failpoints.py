"""Failpoints kill a process only where the environment names them."""

import os
import signal
from collections import Counter

import pytest

from lakehouse.platform import failpoints
from lakehouse.platform.failpoints import failpoint


def test_a_failpoint_does_nothing_unless_the_environment_names_it(monkeypatch):
    hits: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, signal: hits.append(signal))
    monkeypatch.setattr(failpoints, "_hits", Counter())
    monkeypatch.delenv("LAKEHOUSE_FAILPOINT", raising=False)
    failpoint("storage.staged")
    monkeypatch.setenv("LAKEHOUSE_FAILPOINT", "storage.staged:2")
    failpoint("storage.published")
    failpoint("storage.staged")
    assert hits == []
    failpoint("storage.staged")
    failpoint("storage.staged")
    assert hits == [signal.SIGKILL]


def test_a_failpoint_must_be_listed():
    with pytest.raises(KeyError, match="not listed in FAILPOINTS"):
        failpoint("storage.nowhere")
