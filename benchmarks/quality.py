"""What the pages about people's judgements take with 100,000 rankings in a project, beside one with 1,000.

Run from the repository: `python benchmarks/quality.py [--rankings 100000]`. It makes a SQLite database in a temporary
folder, serves it with gunicorn as `make run` does, with a worker, and asks every page of both projects in turn over a
connection that stays open. It prints p50 and p95 in milliseconds, how long the first opening took, when nothing was
kept of the figures, and how long the worker takes for those of all judgements. Look at the ratios: neither the
machine's speed nor what else runs on it is the program's.
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

from serving import ROOT, Server, filled_database, served

LISTS = {
    "to decide": "disagreements/",
    "all agree": "disagreements/?show=same",
    "decided": "disagreements/?show=decided",
    "known answers": "disagreements/?show=known",
}
FIGURES = {
    "agreement": "agreement/",
    "report on a ranker": "rankers/{ranker}/",
    "what can be frozen": "datasets/",
}
WANTED = {"lists": 300.0, "figures": 1000.0}  # milliseconds: p95, and the first opening
WORKER = 120  # seconds


class Page:
    def __init__(self, server: Server, session: str) -> None:
        self.headers = {"Cookie": f"sessionid={session}"}
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

    def read(self, path: str) -> tuple[str, float]:
        started = time.perf_counter()
        self.connection.request("GET", path, headers=self.headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {text[:300]}")
        return text, (time.perf_counter() - started) * 1000


@contextmanager
def worker(environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "run_huey", "--quiet"],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def far_down(page: Page, path: str) -> str:
    """Where the tenth page of a list begins; its last one where it is shorter."""
    for _ in range(9):
        text, _took = page.read(path)
        if not (found := re.search(r'rel="next" href="([^"]+)"', text)):
            break
        path = path.partition("?")[0] + found[1].replace("&amp;", "&")
    return path


def measured(page: Page, paths: dict[str, str], times: int, wanted: float) -> bool:
    """In turn, so that what else the machine does hits all alike."""
    first = {name: page.read(path)[1] for name, path in paths.items()}
    found: dict[str, list[float]] = {name: [] for name in paths}
    for _ in range(times):
        for name, path in paths.items():
            found[name].append(page.read(path)[1])
    for name, took in found.items():
        last = quantiles(took, n=20)[18]
        print(f"  {name:34} first {first[name]:7.1f}   p50 {median(took):7.1f}   p95 {last:7.1f}", flush=True)
    worst = max(max(quantiles(took, n=20)[18] for took in found.values()), max(first.values()))
    print(f"  slowest {worst:.0f} ms (at most {wanted:.0f})", flush=True)
    return worst <= wanted


def figures_by_worker(page: Page, path: str) -> bool:
    """The page says at once that it is worked out; then it shows it."""
    started = time.monotonic()
    text, took = page.read(path)
    print(f"agreement, nothing kept yet: {took:.0f} ms", flush=True)
    while "As of" not in text and time.monotonic() - started < WORKER:
        time.sleep(0.5)
        text, _took = page.read(f"{path}?waiting=1")
    took_all = time.monotonic() - started
    print(f"figures of all judgements are there after {took_all:.1f} s, the worker's start included", flush=True)
    return "As of" in text and took <= WANTED["figures"]


def run(given: argparse.Namespace, folder: Path) -> bool:
    started = time.monotonic()
    ours, keys = filled_database(folder, "quality_data.py", str(given.rankings))
    print(f"{given.rankings:,} rankings; database made in {time.monotonic() - started:.0f} s", flush=True)
    with served("config.wsgi", ROOT, ours) as here:
        page, good = Page(here, keys["ada"]), []
        bases = {size: f"/projects/{keys[size]}/" for size in ("small", "large")}
        page.read("/")
        with worker(ours):
            good.append(figures_by_worker(page, f"{bases['large']}agreement/"))
        lists, figures = {}, {}
        for name, path in LISTS.items():
            for size, base in bases.items():
                lists[f"{name}, {size}"] = base + path
            lists[f"{name}, large, far down"] = far_down(page, bases["large"] + path)
        for name, path in FIGURES.items():
            for size, base in bases.items():
                figures[f"{name}, {size}"] = base + path.format(ranker=keys["ranker"])
        good.append(measured(page, lists, given.times, WANTED["lists"]))
        good.append(measured(page, figures, given.times, WANTED["figures"]))
    return all(good)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rankings", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--folder", type=Path, help="where the database is made, instead of a temporary folder")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        good = run(given, Path(folder))
    sys.exit(not good)


if __name__ == "__main__":
    main()
