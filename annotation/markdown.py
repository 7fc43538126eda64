"""The one path from somebody's Markdown to HTML."""

from __future__ import annotations

from functools import lru_cache

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore

TAGS = {
    "p", "br", "hr", "h2", "h3", "h4", "h5", "ul", "ol", "li", "strong", "em", "code", "pre", "blockquote",
    "table", "thead", "tbody", "tr", "th", "td", "a",
}  # fmt: skip
LOWEST = 5
_parser = MarkdownIt("commonmark", {"html": False}).enable("table")


def _one_level_down(state: StateCore) -> None:
    """The page has the one h1 already: what its author calls a title becomes an h2."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1:]) + 1, LOWEST)}"


_parser.core.ruler.push("one_level_down", _one_level_down)


@lru_cache(maxsize=64)  # the guidelines stand beside every item, and a version of them never changes
def to_html(text: str) -> SafeString:
    """Sanitised HTML. No images: a remote one would tell its server that somebody read the page."""
    return mark_safe(nh3.clean(_parser.render(text), tags=TAGS, attributes={"a": {"href"}}))
