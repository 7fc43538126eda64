"""What the annotation server takes in a project of a million prompts, beside one of a thousand and a bare queue.

Run from the repository: `python benchmarks/annotation.py [--prompts 1000000] [--people 32] [--seconds 60]`. It makes a
SQLite database in a temporary folder with two projects, nine tenths of whose prompts are answered, serves it with two
gunicorn workers of four threads as `make run` does, and benchmarks/bare_queue.py beside it in the same way, with as
many items. One person's requests go to the large project, the small one and the bare queue in turn, over connections
that stay open. It prints p50 and p95 in milliseconds, the ratios that matter, and the processor time of the servers for
each annotation; then many people work at once, and nothing may fail or be handed out twice. Look at the ratios: neither
the machine's speed nor what else runs on it is the program's.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlencode

from serving import ANSWER, ROOT, Server, fresh_database, say, served

WANTED = {"large / small": 1.3, "here / bare queue": 3.0, "CPU ms per annotation": 25.0, "list p95 ms": 300.0}
Times = dict[str, list[float]]


# --- Those who ask ---------------------------------------------------------------------------


class Browser:
    """One signed-in person's connection."""

    def __init__(self, server: Server, session: str) -> None:
        self.token = secrets.token_hex(16)
        self.headers = {"Cookie": f"sessionid={session}; csrftoken={self.token}", "X-CSRFToken": self.token}
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

    def ask(self, method: str, path: str, data: dict[str, Any] | None = None, **more: str) -> Any:
        """The answer, where one is led to included; its text as `text`."""
        form = {"Content-Type": "application/x-www-form-urlencoded"} if data is not None else {}
        body = urlencode(data) if data is not None else None
        self.connection.request(method, path, body, {**self.headers, **form, **more})
        answer: Any = self.connection.getresponse()
        answer.text = answer.read().decode()
        if answer.status in (301, 302):
            return self.ask("GET", answer.headers["Location"])
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.text[:300]}")
        return answer


class Writes:
    """Somebody who writes."""

    kind, given = "write", {"text": ANSWER}

    def __init__(self, server: Server, session: str, project: str) -> None:
        self.browser, self.path = Browser(server, session), f"/projects/{project}/{self.kind}/"
        self.version = 0

    def next(self) -> None:
        page = self.browser.ask("GET", self.path)
        self.item = re.search(rf'action="({self.path}[0-9a-f-]+/)"', page.text)[1]  # type: ignore[index]
        self.version = int(re.search(r'name="version" value="(\d+)"', page.text)[1])  # type: ignore[index]

    def save(self) -> None:
        """What the page does while one types."""
        text = f"{ANSWER}{self.version}"
        answer = self.browser.ask("POST", f"{self.item}save/", {"version": self.version, "text": text})
        self.version = json.loads(answer.text)["version"]

    def submit(self) -> None:
        """The answer brings the next item."""
        data = {"action": "submit", "version": self.version, "guidelines": 1, **self.given}
        answer = self.browser.ask("POST", self.item, data, **{"HX-Request": "true"})
        self.item, self.version = answer.headers["HX-Push-Url"], 0


class Ranks(Writes):
    kind, given = "rank", {"choice": "2"}


class Bare:
    def __init__(self, server: Server, session: str) -> None:
        self.browser = Browser(server, session)

    def next(self) -> None:
        self._read(self.browser.ask("GET", "/1/"))

    def submit(self) -> None:
        """It leads to the next item."""
        self._read(self.browser.ask("POST", "/1/", {"item": self.item, "text": ANSWER}))

    def _read(self, answer: Any) -> None:
        self.item = re.search(r'name="item" value="(\d+)"', answer.text)[1]  # type: ignore[index]


def timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1000


# --- What is measured -----------------------------------------------------------------------------------------


def one_person(
    workers: dict[str, Writes | Bare], servers: dict[str, Server], times: int
) -> tuple[Times, dict[str, float]]:
    """In turn, so that what else the machine does hits all of them alike. Processor time is that of submissions."""
    for worker in workers.values():
        for act in (worker.next, worker.submit, worker.next, worker.submit):
            act()
    found: Times = {}
    spent = dict.fromkeys(workers, 0.0)
    for _ in range(times):
        for name, worker in workers.items():
            found.setdefault(f"{name}: next", []).append(timed(worker.next))
            if type(worker) is Writes:
                found.setdefault(f"{name}: save a draft", []).append(timed(worker.save))
            server = servers["bare" if isinstance(worker, Bare) else "here"]
            before = server.cpu()
            found.setdefault(f"{name}: submit, and the next", []).append(timed(worker.submit))
            spent[name] += server.cpu() - before
    return found, {name: seconds / times * 1000 for name, seconds in spent.items()}


def lists(browser: Browser, project: str, size: int, times: int) -> Times:
    base = f"/projects/{project}/"
    pages = {
        "prompts": "prompts/",
        "prompts, far down": f"prompts/?after={size * 9 // 10}",
        "prompts, back from the end": f"prompts/?before={size}",
        "prompts without a response": "prompts/?status=none",
        "prompts with a submitted response": "prompts/?status=submitted",
        "prompts of a task type": "prompts/?task_type=wills",
        "prompts, a rare word": f"prompts/?q={size - 7}",
        "who gets what": "prompts/who-gets-what/?task_type=wills",
        "progress": "progress/",
        "overview": "",
    }
    found: Times = {}
    for name, path in {**{name: base + path for name, path in pages.items()}, "my work": "/"}.items():
        browser.ask("GET", path)
        found[name] = [timed(lambda path=path: browser.ask("GET", path)) for _ in range(times)]  # type: ignore[misc]
    return found


def crowd(
    server: Server, sessions: list[str], project: str, seconds: float
) -> tuple[int, list[str], list[float], float]:
    """How many annotations, what failed, how long a submission took, and milliseconds of the processor for each."""
    before, end = server.cpu(), time.monotonic() + seconds

    def one(session: str) -> tuple[list[float], list[str]]:
        took: list[float] = []
        try:
            worker = Writes(server, session, project)
            worker.next()
            while time.monotonic() < end:
                took.append(timed(worker.submit))
        except Exception as error:
            return took, [f"{type(error).__name__}: {error}"]
        return took, []

    with ThreadPoolExecutor(len(sessions)) as pool:
        done = list(pool.map(one, sessions))
    took = [each for times, _problems in done for each in times]
    problems = [problem for _times, some in done for problem in some]
    return len(took), problems, took, (server.cpu() - before) / max(len(took), 1) * 1000


def handed_out_twice(database: Path, project: str) -> int:
    import sqlite3

    with sqlite3.connect(database) as connection:
        twice = (
            "SELECT prompt_id FROM annotation_demonstration WHERE project_id = ? GROUP BY prompt_id HAVING count(*) > 1"
        )
        rows = connection.execute(f"SELECT count(*) FROM ({twice})", [project.replace("-", "")])  # noqa: S608
        return int(rows.fetchone()[0])


def told(name: str, times: list[float]) -> None:
    print(f"  {name:38} p50 {median(times):8.1f}   p95 {quantiles(times, n=20)[18]:8.1f}", flush=True)


def compared(name: str, ratio: float, wanted: float) -> bool:
    print(f"  {name:38} {ratio:8.2f}   (at most {wanted})", flush=True)
    return ratio <= wanted


def run(given: argparse.Namespace, folder: Path) -> bool:
    bare = {"DATABASE": str(folder / "bare.sqlite3")}
    started = time.monotonic()
    ours, keys = fresh_database(folder, given.prompts, given.people)
    bare_keys = say([str(Path(__file__).with_name("bare_queue.py")), str(given.prompts), "1"], bare)
    print(f"{given.prompts:,} prompts; databases made in {time.monotonic() - started:.0f} s", flush=True)
    with (
        served("config.wsgi", ROOT, ours) as here,
        served("bare_queue:application", ROOT / "benchmarks", bare) as floor,
    ):
        person = keys["person-0"]
        workers: dict[str, Writes | Bare] = {"bare": Bare(floor, bare_keys[0])}
        for size in ("large", "small"):
            workers[f"write, {size}"] = Writes(here, person, keys[size])
            workers[f"rank, {size}"] = Ranks(here, person, keys[size])
        times, cpu = one_person(workers, {"here": here, "bare": floor}, given.times)
        for name, each in times.items():
            told(name, each)
        good = []
        for kind in ("write", "rank"):
            for act in ("next", "submit, and the next"):
                large, small = (median(times[f"{kind}, {name}: {act}"]) for name in ("large", "small"))
                least = median(times[f"bare: {act}"])
                good.append(compared(f"{kind}: {act}: large / small", large / small, WANTED["large / small"]))
                good.append(compared(f"{kind}: {act}: large / bare", large / least, WANTED["here / bare queue"]))
            spent = cpu[f"{kind}, large"]
            good.append(compared(f"{kind}: CPU ms per annotation", spent, WANTED["CPU ms per annotation"]))
        print(f"  bare queue: CPU ms per annotation {cpu['bare']:.1f}")
        pages = lists(Browser(here, keys["ada"]), keys["large"], given.prompts, given.times)
        for name, each in pages.items():
            told(name, each)
        slowest = max(quantiles(each, n=20)[18] for each in pages.values())
        good.append(compared("slowest list, p95 in ms", slowest, WANTED["list p95 ms"]))
        if given.seconds:
            good.append(_crowded(given, here, keys, folder))
    return all(good)


def _crowded(given: argparse.Namespace, here: Server, keys: dict[str, str], folder: Path) -> bool:
    sessions = [keys[f"person-{number}"] for number in range(given.people)]
    done, problems, took, cpu = crowd(here, sessions, keys["crowd"], given.seconds)
    twice = handed_out_twice(folder / "preceptor.sqlite3", keys["crowd"])
    print(f"{given.people} people for {given.seconds:.0f} s: {done} annotations, {done / given.seconds:.0f} a second")
    told("submit, and the next", took)
    print(f"  CPU ms per annotation {cpu:.1f}; failed {len(problems)}; handed out twice {twice}")
    for problem in problems[:3]:
        print(f"    {problem}")
    return not problems and not twice


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=int, default=1_000_000)
    parser.add_argument("--people", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--times", type=int, default=80)
    parser.add_argument("--folder", type=Path, help="where the databases are made, instead of a temporary folder")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        good = run(given, Path(folder))
    sys.exit(not good)


if __name__ == "__main__":
    main()
