"""Measure the dashboard in Chromium: filter change → painted, first page, memory.

    python -m bench.dashboard --folder FOLDER --users 5 --changes 12

The lake of the folder is served by `lakehouse dashboard` in a process of its own. Each user has a
browser context, changes the filters of one page and reads for a while between two changes. A change
counts from the moment at which the browser knows it until the last element of the page's content
has changed, all charts and tables included.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

PAGES = ("/executivo", "/unidades", "/produtos", "/executivo", "/unidades")
"""Page of each user."""
READING = (1.0, 3.0)
"""Seconds between two changes of one user."""
WAIT = 60.0
QUIET = 120
"""Milliseconds without a change after which the page counts as painted."""
SERVE = "from lakehouse.cli import main; main()"
MEASURE = """
async ({name, value, quiet}) => {
  const content = document.querySelector('#conteudo');
  const before = content.querySelector('.figure').textContent;
  const start = performance.now();
  let last = 0, mutated = 0;
  const observer = new MutationObserver(() => { mutated += 1; last = performance.now(); });
  observer.observe(content, {childList: true, characterData: true, subtree: true});
  dash_clientside.set_props(name, {value});
  return await new Promise((resolve) => {
    const look = () => {
      const now = performance.now();
      const shown = document.querySelector('#conteudo .figure');
      const changed = shown && shown.textContent !== before;
      const failed = document.querySelector('#conteudo [id^=erro-]');
      if (failed || now - start > 60000) resolve(-1);
      else if (changed && now - last > quiet) { observer.disconnect(); resolve(last - start); }
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
}
"""
PAINTED = """
() => document.querySelector('#conteudo .figure')
  && document.querySelector('#conteudo .ag-row')
  && document.querySelector('#conteudo .recharts-surface, #conteudo .rank-bar')
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def started(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """Start the dashboard over the lake of a folder; return when it answers."""
    env = os.environ | {
        "LAKEHOUSE_ROOT": str(folder / "lake"),
        "LAKEHOUSE_LANDING": str(folder),
        "DAGSTER_HOME": str(folder / "home"),
    }
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, "dashboard", "--port", str(port)],
        env=env,
        stdout=subprocess.DEVNULL,
    )
    end = time.monotonic() + WAIT
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/saude", timeout=5):
                return process
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the dashboard did not start")


def memory_mb(process: "subprocess.Popen[bytes]") -> int:
    """Return the largest resident memory of the process so far, from /proc."""
    text = Path(f"/proc/{process.pid}/status").read_text()
    (peak,) = (line.split()[1] for line in text.splitlines() if line.startswith("VmHWM"))
    return int(peak) // 1024


def cpu_seconds(process: "subprocess.Popen[bytes]") -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def browser_cpu(browser: Any) -> float:
    """Return the processor seconds of all processes of the browser so far."""
    session = await browser.new_browser_cdp_session()
    found = await session.send("SystemInfo.getProcessInfo")
    await session.detach()
    return sum(float(each["cpuTime"]) for each in found["processInfo"])


async def first_page(browser: Any, address: str) -> float:
    """Return the seconds until the first page is painted in a browser that knows nothing."""
    context = await browser.new_context(base_url=address, locale="pt-BR")
    page = await context.new_page()
    start = time.perf_counter()
    await page.goto("/executivo")
    await page.wait_for_function(PAINTED, timeout=WAIT * 1000)
    took = time.perf_counter() - start
    await context.close()
    return took


async def opened(browser: Any, address: str, user: int) -> Any:
    """Return the page of one user when it is painted."""
    context = await browser.new_context(
        base_url=address, locale="pt-BR", viewport={"width": 1440, "height": 1000}
    )
    page = await context.new_page()
    await page.goto(PAGES[user % len(PAGES)])
    await page.wait_for_function(PAINTED, timeout=WAIT * 1000)
    return page


async def changes(page: Any, user: int, count: int) -> list[float]:
    """Return the milliseconds of each filter change of one user."""
    luck = random.Random(user)
    took: list[float] = []
    units = [str(n) for n in luck.sample(range(1, 51), 50)]
    for n in range(count):
        await asyncio.sleep(luck.uniform(*READING))
        chosen = sorted(units[n % 50 : n % 50 + luck.choice([1, 2, 5])])
        given = {"name": "filtro-unidade", "value": chosen, "quiet": QUIET}
        found = await page.evaluate(MEASURE, given)
        if found < 0:
            raise SystemExit(f"{page.url}: nothing was painted")
        took.append(found)
    return took


async def measured(folder: Path, users: int, count: int) -> dict[str, Any]:
    """Return every figure of one server."""
    from playwright.async_api import async_playwright

    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        raise SystemExit("no Chromium on PATH; hint: apt install chromium")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    start = time.perf_counter()
    server = started(folder, port)
    answers = time.perf_counter() - start
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=program, args=["--no-sandbox"]
            )
            first = await first_page(browser, address)
            later = [await first_page(browser, address) for _ in range(3)]
            pages = [await opened(browser, address, user) for user in range(users)]
            before, shown_before = cpu_seconds(server), await browser_cpu(browser)
            found = await asyncio.gather(
                *(changes(page, user, count) for user, page in enumerate(pages))
            )
            spent = cpu_seconds(server) - before
            drawn = await browser_cpu(browser) - shown_before
            await browser.close()
        peak = memory_mb(server)
    finally:
        server.terminate()
        server.wait()
    every = sorted(ms for each in found for ms in each)
    by_page: dict[str, list[float]] = {}
    for user, each in enumerate(found):
        by_page.setdefault(PAGES[user % len(PAGES)], []).extend(each)
    return {
        "changes": len(every),
        "median_ms": round(statistics.median(every)),
        "p95_ms": round(every[int(0.95 * (len(every) - 1))]),
        "server_cpu_ms": round(spent / len(every) * 1000),
        "browser_cpu_ms": round(drawn / len(every) * 1000),
        "first_page_seconds": round(statistics.median(later), 2),
        "first_page_of_a_new_server_seconds": round(first, 2),
        "server_answers_seconds": round(answers, 2),
        "peak_mb": peak,
        "median_ms_by_page": {p: round(statistics.median(ms)) for p, ms in by_page.items()},
        "load": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("--folder", type=Path, required=True)
    words.add_argument("--users", type=int, default=5)
    words.add_argument("--changes", type=int, default=12)
    given = words.parse_args()
    print(json.dumps(asyncio.run(measured(given.folder, given.users, given.changes))))


if __name__ == "__main__":
    main()
