"""How long after the key the next item is on the screen, in Chromium, beside the same page as a plain form.

Run from the repository: `python benchmarks/shown.py [--prompts 10000]`. It serves a database of its own as
`benchmarks/annotation.py` does. One person submits a response or a judgement by `Ctrl+Enter`; the time is taken in the
page, from the key to the first frame that shows the next item. The baseline is the same form without scripts, from the
button to the next item's page.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from serving import ANSWER, ROOT, fresh_database, served

TIMES = 40
WATCH = """() => {
  window.shown = [];
  addEventListener("keydown", ({ key, ctrlKey }) => {
    if (key === "Enter" && ctrlKey) window.began = performance.now();
  }, true);
  document.addEventListener("htmx:load", ({ target }) => {
    if (target.id !== "main" || !window.began) return;
    requestAnimationFrame(() => requestAnimationFrame(() => { window.shown.push(performance.now() - window.began); }));
  });
}"""


def by_key(page: Any, path: str, kind: str, times: int) -> list[float]:
    page.goto(path)
    page.evaluate(WATCH)
    for number in range(times):
        if kind == "write":
            page.locator("textarea[name=text]").fill(f"{ANSWER}{number}")
            page.keyboard.press("Control+Enter")
        else:
            page.keyboard.press("2")
            page.keyboard.press("Control+Enter")
        while page.evaluate("window.shown.length") <= number:  # the page's policy allows no expression of Playwright's
            time.sleep(0.02)
    return list(page.evaluate("window.shown"))


def by_form(page: Any, path: str, kind: str, times: int) -> list[float]:
    taken = []
    page.goto(path)
    for number in range(times):
        if kind == "write":
            page.locator("textarea[name=text]").fill(f"{ANSWER}{number}")
        else:
            page.locator("input[name=choice][value='2']").check(force=True)
        began = time.perf_counter()
        page.get_by_role("button", name="Submit and next").click(no_wait_after=True)
        page.wait_for_url(f"**/{kind}/")
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=TIMES)
    given = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder:
        ours, keys = fresh_database(Path(folder), given.prompts, people=2)
        with served("config.wsgi", ROOT, ours) as server, sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            base = f"http://127.0.0.1:{server.port}"
            found: dict[str, list[float]] = {}
            for number, (way, act) in enumerate({"by key": by_key, "plain form": by_form}.items()):
                context = chromium.new_context(java_script_enabled=way == "by key")
                context.add_cookies([{"name": "sessionid", "value": keys[f"person-{number}"], "url": base}])
                for kind in ("write", "rank"):
                    path = f"{base}/projects/{keys['large']}/{kind}/"
                    found[f"{kind}, {way}"] = act(context.new_page(), path, kind, given.times)
            chromium.close()
    for name, times in found.items():
        print(f"  {name:24} p50 {median(times):7.1f} ms   p95 {quantiles(times, n=20)[18]:7.1f} ms")
    for kind in ("write", "rank"):
        keyed, plain = (median(found[f"{kind}, {way}"]) for way in ("by key", "plain form"))
        print(f"  {kind}: by key / plain form {keyed / plain:.2f}")
    sys.exit(any(median(found[f"{kind}, by key"]) > 100 for kind in ("write", "rank")))


if __name__ == "__main__":
    main()
