"""Finding texts by their words: one way to ask, answered by FTS5 on SQLite and by full-text search on PostgreSQL.

A word finds every word that begins with it, from three letters on; what stands in quotation marks is found as it is
written, word after word. Case does not matter. Whatever else is typed is passed over, so no text is an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import connections
from django.db.models import BooleanField, F, Func, QuerySet, Value

from annotation.models import Project

WHAT_IT_FINDS = "Texts with all these words or words that begin so; “in quotation marks”, exactly these words."
MOST_TERMS = 8
LONGEST = 200  # characters that are read of what is typed
FEW = 2_000  # finds that are named one by one
BEGINNING = 3  # letters of a word that may go on; shorter ones begin too many words
TERM = re.compile(r'"([^"]*)"?|([^\s"]+)')
QUOTES = str.maketrans(dict.fromkeys("“”„‟«»", '"'))
APART = re.compile(r"[\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x9f]+")  # as the tables are filled, see search_tables.py

FIRST_FEW = """
SELECT s.key FROM annotation_words JOIN annotation_searched s ON s.id = annotation_words.rowid
WHERE annotation_words MATCH %s LIMIT %s
"""
# Asked once for all rows: beginnings of words are put together anew each time that FTS5 is asked.
ONE_OF_MANY = """(SELECT s.id FROM annotation_searched s WHERE s.key = {key}) IN (
    SELECT rowid FROM annotation_words WHERE annotation_words MATCH {said}
)"""

Rows = TypeVar("Rows", bound=QuerySet[Any])


@dataclass(frozen=True)
class Term:
    """Words that follow each other; the last may go on, where it is no quotation."""

    words: tuple[str, ...]
    goes_on: bool


def terms(typed: str) -> list[Term]:
    plain = typed[:LONGEST].encode("utf-8", "replace").decode()
    found = []
    for quoted, bare in TERM.findall(plain.translate(QUOTES)):
        words = tuple(word for word in APART.sub(" ", quoted or bare).split() if any(map(str.isalnum, word)))
        if words:
            found.append(Term(words, not quoted and len(words[-1]) >= BEGINNING))
    return found[:MOST_TERMS]


def find(rows: Rows, project: Project, typed: str) -> Rows:
    """Of `rows` (prompts, responses or texts of the corpus) those with every term; all where nothing is typed."""
    if not typed.strip():
        return rows
    asked = terms(typed)
    if not asked:
        return rows.none()
    if connections[rows.db].vendor != "sqlite":
        return rows.filter(_Said(F("pk"), Value(" & ".join(map(_for_postgresql, asked)))))
    scope = f"{rows.model._meta.db_table.replace('_', '')}{project.pk.hex}"
    match = " AND ".join([f'scope : "{scope}"', *map(_for_sqlite, asked)])
    with connections[rows.db].cursor() as cursor:
        cursor.execute(FIRST_FEW, [match, FEW + 1])
        few = [key for (key,) in cursor.fetchall()]
    return rows.filter(pk__in=few) if len(few) <= FEW else rows.filter(_Said(F("pk"), Value(match)))


class _Said(Func):
    """Of a row, by its key: whether it has the words. Many do, or nobody knows how many."""

    output_field = BooleanField()

    def as_sql(self, compiler: Any, connection: Any, *_said: Any, **_context: Any) -> Any:
        (key, of_key), (said, of_said) = map(compiler.compile, self.get_source_expressions())
        if connection.vendor == "sqlite":
            return ONE_OF_MANY.format(said=said, key=key), [*of_key, *of_said]
        return f"{key.rsplit('.', 1)[0]}.searched @@ to_tsquery('simple', {said})", [*of_key, *of_said]


def _for_sqlite(term: Term) -> str:
    return f'body : "{" ".join(term.words)}"' + (" *" if term.goes_on else "")


def _for_postgresql(term: Term) -> str:
    """The words hold no sign that means something there: `terms` took them all out."""
    return "(" + " <-> ".join(f"'{word}'" for word in term.words) + (":*" if term.goes_on else "") + ")"
