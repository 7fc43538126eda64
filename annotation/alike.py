"""Prompts that share many words with one, found by its rarest words in the index that `annotation.search` asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from annotation.models import Prompt
from annotation.search import APART
from annotation.texts import words

ASKED_ABOUT = 40  # words of the text, the longest, of which the rarest are looked for
RAREST = 8
COMMON = 500  # texts with a word, from which on it tells little; nobody counts further
SHORTEST = 4
READ = 100  # texts that are compared word by word
SHOWN = 20
LEAST = 0.05

COUNT_SQLITE = "SELECT %s, count(*) FROM (SELECT 1 FROM annotation_words WHERE annotation_words MATCH %s LIMIT %s)"
COUNT_POSTGRESQL = """(SELECT %s, count(*) FROM (
    SELECT 1 FROM annotation_prompt WHERE searched @@ to_tsquery('simple', %s) LIMIT %s
) texts)"""
COMMON_POSTGRESQL = """SELECT unnest(most_common_elems::text::text[]) FROM pg_stats
WHERE schemaname = current_schema() AND tablename = 'annotation_prompt' AND attname = 'searched'"""
FIND_SQLITE = """
SELECT s.key FROM annotation_words JOIN annotation_searched s ON s.id = annotation_words.rowid
WHERE annotation_words MATCH %s ORDER BY rank LIMIT %s
"""
FIND_POSTGRESQL = """
SELECT id FROM annotation_prompt WHERE project_id = %s AND searched @@ to_tsquery('simple', %s)
ORDER BY ts_rank(searched, to_tsquery('simple', %s)) DESC, id LIMIT %s
"""


@dataclass(frozen=True)
class Alike:
    prompt: Prompt
    shared: float  # words in common, of all words of the two

    @property
    def percent(self) -> int:
        return round(100 * self.shared)


def to(prompt: Prompt, most: int = SHOWN) -> list[Alike]:
    """Of the same project, most alike first."""
    rarest = _rarest(_said(prompt))
    if not rarest:
        return []
    own = set(words(_said(prompt)))
    found = Prompt.objects.filter(project=prompt.project_id, pk__in=_with_any(prompt, rarest)).exclude(pk=prompt.pk)
    alike = [Alike(each, _shared(own, set(words(_said(each))))) for each in found]
    alike = [each for each in alike if each.shared >= LEAST]
    return sorted(alike, key=lambda each: (-each.shared, each.prompt.position))[:most]


def _said(prompt: Prompt) -> str:
    return f"{prompt.instruction} {prompt.input}"


def _shared(own: set[str], other: set[str]) -> float:
    return len(own & other) / max(len(own | other), 1)


def _rarest(text: str) -> list[str]:
    """Words that other texts have too, but not too many; where there are none, what is left."""
    known = dict.fromkeys(word for word in APART.sub(" ", text).lower().split() if len(word) >= SHORTEST)
    asked = sorted(filter(str.isalnum, known), key=len, reverse=True)[:ASKED_ABOUT]
    if not asked:
        return []
    counts = sorted((number, word) for word, number in _counts(asked) if number > 1)
    return [word for number, word in counts if number < COMMON][:RAREST] or [word for _, word in counts[:RAREST]]


def _uncommon(asked: Iterable[str]) -> list[str]:
    """What PostgreSQL's statistics do not call common: to count a common word it would read all it stands in."""
    with connection.cursor() as cursor:
        cursor.execute(COMMON_POSTGRESQL)
        common = {word for (word,) in cursor.fetchall()}
    return [word for word in asked if word not in common]


def _counts(asked: Iterable[str]) -> list[tuple[str, int]]:
    on_sqlite = connection.vendor == "sqlite"
    if not on_sqlite:
        asked = _uncommon(asked) or asked
    one = COUNT_SQLITE if on_sqlite else COUNT_POSTGRESQL
    given = [part for word in asked for part in (word, f'body : "{word}"' if on_sqlite else f"'{word}'", COMMON)]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join([one] * (len(given) // 3)), given)
        found: list[tuple[str, int]] = cursor.fetchall()
    return found


def _with_any(prompt: Prompt, rarest: list[str]) -> list[UUID]:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            scope = f"annotationprompt{prompt.project_id.hex}"
            either = " OR ".join(f'"{word}"' for word in rarest)
            cursor.execute(FIND_SQLITE, [f'scope : "{scope}" AND body : ({either})', READ])
        else:
            either = " | ".join(f"'{word}'" for word in rarest)
            cursor.execute(FIND_POSTGRESQL, [prompt.project_id, either, either, READ])
        return [UUID(str(key)) for (key,) in cursor.fetchall()]
