"""`lakehouse password`, and what `doctor` and `up` say about the web pages."""

import os
import pty
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from lakehouse.cli import main
from lakehouse.platform.web.passwords import fits
from lakehouse_tests.cli.conftest import Call
from lakehouse_tests.platform.web.client import clean_environment

PASSWORD = "correct horse battery"  # pragma: allowlist secret


def test_the_password_is_never_shown_on_a_terminal():
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", "from lakehouse.cli import main; main()", "password", "ana"],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        start_new_session=True,
        env=clean_environment(),
    )
    os.close(theirs)
    shown = b""
    for _ in range(2):
        while not shown.endswith(b": "):
            shown += os.read(ours, 1)
        os.write(ours, PASSWORD.encode() + b"\n")
        shown += os.read(ours, 1)
    line, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert PASSWORD.encode() not in shown + line
    name, _, stored = line.decode().strip().partition(":")
    assert name == "ana"
    assert fits(PASSWORD, stored)


def test_a_password_from_stdin_is_hashed_and_a_short_one_is_rejected():
    done = CliRunner().invoke(main, ["password", "ana"], input=f"{PASSWORD}\n")
    assert fits(PASSWORD, done.stdout.strip().removeprefix("ana:"))
    for name, text in (("ana", "short"), ("a:b", PASSWORD), ("ana\n", PASSWORD)):
        rejected = CliRunner().invoke(main, ["password", name], input=f"{text}\n")
        assert rejected.exit_code == 1
        assert rejected.stdout == ""


def test_doctor_and_up_reject_other_machines_without_a_login(call: Call, folder: Path, monkeypatch):
    def pages() -> str:
        rows = CliRunner().invoke(main, ["doctor", "--format", "csv"]).stdout.splitlines()
        return next(row for row in rows if ",web pages," in row)

    assert pages().startswith("ok,web pages,")
    assert "this machine alone, without a login" in pages().replace('"', "")
    monkeypatch.setenv("LAKEHOUSE_HOST", "0.0.0.0")
    assert pages().startswith("fail,web pages,")
    assert "hint: set LAKEHOUSE_LOGINS" in call("up", code=1).output
    assert not (folder / "dagster").exists(), "nothing was started"
    line = CliRunner().invoke(main, ["password", "ana"], input=f"{PASSWORD}\n").stdout
    logins = folder / "logins"
    logins.write_text(line)
    logins.chmod(0o600)
    monkeypatch.setenv("LAKEHOUSE_LOGINS", str(logins))
    assert "other machines, with a login" in pages().replace('"', "")


def test_every_file_that_a_command_writes_is_private(call: Call, folder: Path):
    before = os.umask(0o022)
    try:
        call("sql", "select 1 as one", "-o", "out.csv")
    finally:
        os.umask(before)
    assert (folder / "out.csv").stat().st_mode & 0o077 == 0
