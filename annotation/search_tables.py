"""Where `annotation.search` looks. The database itself keeps it in step, whoever writes: pages, imports, commands.

PostgreSQL: a generated column with a GIN index. SQLite: an FTS5 table without a copy of the texts, kept by triggers; a
row of `annotation_searched` gives each text the number that FTS5 knows it by. Changing a column on SQLite copies its
table and drops the triggers, so they are looked for after every migration.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

FIELDS = {
    "annotation_prompt": ["instruction", "input", "external_id", "group"],
    "annotation_demonstration": ["text"],
    "annotation_document": ["title", "text", "group", "source"],
}
LONGEST = 200_000  # characters of a text that PostgreSQL can be sure to take
# ASCII signs, to be parted at; what PostgreSQL would take for an address, a path or a number with its sign otherwise
SIGNS = "[\\x01-\\x2f\\x3a-\\x40\\x5b-\\x60\\x7b-\\x9f]+"
TABLES = """
CREATE TABLE annotation_searched (id INTEGER PRIMARY KEY, key char(32) NOT NULL UNIQUE);
CREATE VIRTUAL TABLE annotation_words USING fts5(
    scope, body, content='', prefix='3', tokenize="unicode61 remove_diacritics 0"
);
"""
PUT_IN = "INSERT INTO annotation_words (rowid, scope, body)"
TAKE_OUT = "INSERT INTO annotation_words (annotation_words, rowid, scope, body)"
KNOWN_AS = " FROM annotation_searched WHERE key = "


def create(connection: BaseDatabaseWrapper) -> None:
    if connection.vendor == "sqlite":
        keep(connection)
        return
    with connection.cursor() as cursor:
        for table, fields in FIELDS.items():
            text = " || ' ' || ".join(f'"{field}"' for field in fields)
            parted = f"regexp_replace(left({text}, {LONGEST}), '{SIGNS}', ' ', 'g')"
            vector = f"to_tsvector('simple'::regconfig, {parted})"
            cursor.execute(f"ALTER TABLE {table} ADD COLUMN searched tsvector GENERATED ALWAYS AS ({vector}) STORED")
            cursor.execute(f"CREATE INDEX {table}_searched ON {table} USING gin (searched)")


def drop(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        if connection.vendor != "sqlite":
            for table in FIELDS:
                cursor.execute(f"ALTER TABLE {table} DROP COLUMN searched")
            return
        for name in _triggers():
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
        cursor.execute("DROP TABLE IF EXISTS annotation_words")
        cursor.execute("DROP TABLE IF EXISTS annotation_searched")


def keep(connection: BaseDatabaseWrapper) -> None:
    """On SQLite: when a trigger is gone, nobody knows what was written since, so everything is read again."""
    triggers = _triggers()
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        if triggers.keys() <= {name for (name,) in cursor.fetchall()}:
            return
    drop(connection)
    with connection.cursor() as cursor:
        for statement in TABLES.strip().split(";\n"):
            cursor.execute(statement)
        for table, fields in FIELDS.items():
            cursor.execute(f"INSERT INTO annotation_searched (key) SELECT id FROM {table} ORDER BY rowid")  # noqa: S608
            joined = f"FROM {table} t JOIN annotation_searched s ON s.key = t.id"
            cursor.execute(f"{PUT_IN} SELECT s.id, {_scope(table, 't')}, {_body(fields, 't')} {joined}")
        for sql in triggers.values():
            cursor.execute(sql)


def let_go(connection: BaseDatabaseWrapper) -> None:
    """On SQLite: FTS5 keeps words that are in no text any more until its pieces are made one."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO annotation_words (annotation_words) VALUES ('optimize')")


def keep_after_migrating(using: str, **_signal: Any) -> None:
    from django.db import connections

    connection = connections[using]
    if connection.vendor == "sqlite" and set(FIELDS) <= set(connection.introspection.table_names()):
        keep(connection)


def _triggers() -> dict[str, str]:
    made: dict[str, str] = {}
    for table, fields in FIELDS.items():
        watched = ", ".join(f'"{field}"' for field in fields)
        changed = " OR ".join(f'old."{field}" IS NOT new."{field}"' for field in fields)
        new_row = "INSERT INTO annotation_searched (key) VALUES (new.id); "
        gone_row = "DELETE FROM annotation_searched WHERE key = old.id; "
        taken_out, put_in = _taken_out(table, fields), _put_in(table, fields)
        made |= {
            f"{table}_found": f"AFTER INSERT ON {table} BEGIN {new_row}{put_in}END",
            f"{table}_found_anew": f"AFTER UPDATE OF {watched} ON {table} WHEN {changed} BEGIN {taken_out}{put_in}END",
            f"{table}_not_found": f"AFTER DELETE ON {table} BEGIN {taken_out}{gone_row}END",
        }
    return {name: f"CREATE TRIGGER {name} {rest}" for name, rest in made.items()}


def _put_in(table: str, fields: list[str]) -> str:
    return f"{PUT_IN} SELECT id, {_scope(table, 'new')}, {_body(fields, 'new')}{KNOWN_AS}new.id; "


def _taken_out(table: str, fields: list[str]) -> str:
    """FTS5 keeps no texts here: to forget one it is told what it was."""
    return f"{TAKE_OUT} SELECT 'delete', id, {_scope(table, 'old')}, {_body(fields, 'old')}{KNOWN_AS}old.id; "


def _scope(table: str, row: str) -> str:
    return f"'{table.replace('_', '')}' || {row}.project_id"


def _body(fields: list[str], row: str) -> str:
    return " || ' ' || ".join(f'{row}."{field}"' for field in fields)
