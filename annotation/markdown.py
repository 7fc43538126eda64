"""The one path from somebody's Markdown to HTML."""

from __future__ import annotations

from functools import lru_cache

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

TAGS = {
    "p", "br", "hr", "h1", "h2", "h3", "h4", "ul", "ol", "li", "strong", "em", "code", "pre", "blockquote",
    "table", "thead", "tbody", "tr", "th", "td", "a",
}  # fmt: skip
_parser = MarkdownIt("commonmark", {"html": False}).enable("table")


@lru_cache(maxsize=64)  # the guidelines stand beside every item, and a version of them never changes
def to_html(text: str) -> SafeString:
    """Sanitised HTML. No images: a remote one would tell its server that somebody read the page."""
    return mark_safe(nh3.clean(_parser.render(text), tags=TAGS, attributes={"a": {"href"}}))
