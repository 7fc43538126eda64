"""What the browser gets: vendored files as recorded, no inline code, no missing icon."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path

import pytest

from annotation.templatetags.preceptor import icon
from config.navigation import PAGES

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "static"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
ICONS = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text()))


def test_it_ships_vendored_files_as_recorded():
    record = tomllib.loads((STATIC / "vendor" / "VENDOR.toml").read_text())
    recorded = {path: sha for part in record.values() for path, sha in part["files"].items()}
    found = {path: hashlib.sha256((STATIC / path).read_bytes()).hexdigest() for path in recorded}
    assert found == recorded
    files = {str(path.relative_to(STATIC)) for path in (STATIC / "vendor").rglob("*") if path.is_file()}
    assert files - {"vendor/VENDOR.toml"} == {path for path in recorded if path.startswith("vendor/")}
    assert all(part["license"] and part["version"] for part in record.values())


INLINE = [
    (r"<style", "a style element"),
    (r"\sstyle\s*=", "a style attribute"),
    (r"<script(?![^>]*\ssrc=)[^>]*>", "an inline script"),
    (r"""\son[a-z]+\s*=\s*["']""", "an event attribute"),
    (r"javascript:", "a script address"),
    (r"hx-on", "an htmx script attribute"),
    (r"""(?:src|href)\s*=\s*["']https?://[^"']*\.(?:js|css|woff2?|svg|png)""", "an asset from elsewhere"),
]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_it_has_no_inline_code(path: Path):
    text = path.read_text()
    assert [what for pattern, what in INLINE if re.search(pattern, text, re.IGNORECASE)] == []


def test_it_has_every_icon_that_is_named():
    named = {(name, path.name) for path in TEMPLATES for name in re.findall(r'{%\s*icon "([^"]+)"', path.read_text())}
    named |= {(page.icon, "navigation") for pages in PAGES.values() for page in pages}
    assert sorted(pair for pair in named if pair[0] not in ICONS) == []


def test_it_hides_icons_from_screen_readers():
    assert 'aria-hidden="true"' in icon("check")
    assert "#check" in icon("check")


def test_it_refers_only_to_local_files_in_styles():
    for path in STATIC.rglob("*.css"):
        if "vendor" in path.parts:
            continue
        addresses = re.findall(r"url\(\"?([^\")]+)", path.read_text())
        missing = [address for address in addresses if not (path.parent / address).resolve().is_file()]
        assert missing == [], path.name


def test_it_imports_nothing_from_one_script_into_another():
    """Hashed file names are not written into scripts: a module that imports another would not find it."""
    importing = [path.name for path in STATIC.glob("js/*.js") if re.search(r"^\s*import\b", path.read_text(), re.M)]
    assert importing == []
