from __future__ import annotations

import functools
from typing import Any

from django import template
from django.contrib.auth.models import User
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from annotation import markdown
from annotation.models import name_of

register = template.Library()


@register.simple_tag
@functools.cache  # a page has some twenty of them, and the address of the sprite stays while the server runs
def icon(name: str) -> SafeString:
    """An icon of the sprite; decoration only, the words beside it carry the meaning."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>', static("icons.svg"), name)


@register.filter
def markdown_html(text: str) -> SafeString:
    return markdown.to_html(text)


@register.filter
def person(user: User | None) -> str:
    return name_of(user)


@register.filter
def of(found: dict[Any, Any], key: Any) -> Any:
    return found.get(key)


@register.filter
def two_places(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")
