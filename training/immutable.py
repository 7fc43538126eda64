"""The database itself refuses to change what a frozen version is, and that a version teaches what is held out.

Made again after every migration, and away while one runs: SQLite drops a table's triggers where it builds the table
anew, and refuses to build one anew that the triggers of others read.
"""

from __future__ import annotations

from typing import Any

from django.db import connections

TABLE, ROWS, PROMPTS = "training_datasetversion", "training_versionrow", "annotation_prompt"
COLUMNS = ("project_id", "kind", "number", "sha256", "train_rows", "validation_rows", "filter", "consensus")
SAID = "A frozen dataset version cannot be changed."
HELD_OUT = "A held-out prompt cannot be taught by a dataset version."
TAUGHT = "A prompt that a dataset version teaches cannot be held out."
TRIGGERS = {
    "frozen_stays": TABLE,
    "taught_rows_come": ROWS,
    "taught_rows_change": ROWS,
    "taught_prompts_stay": PROMPTS,
}


def guard(sender: Any = None, using: str = "default", **kwargs: Any) -> None:
    _execute(using, lambda vendor: [*_dropped(vendor), *STATEMENTS[vendor]])


def release(sender: Any = None, using: str = "default", **kwargs: Any) -> None:
    _execute(using, lambda vendor: _dropped(vendor)[1:])  # the first reads no other table and stays


def _execute(using: str, statements: Any) -> None:
    connection = connections[using]
    if not {TABLE, ROWS, PROMPTS} <= set(connection.introspection.table_names()):
        return
    with connection.cursor() as cursor:
        for statement in statements(connection.vendor):
            cursor.execute(statement)


def _dropped(vendor: str) -> list[str]:
    of_table = {name: f" ON {table}" if vendor == "postgresql" else "" for name, table in TRIGGERS.items()}
    return [f"DROP TRIGGER IF EXISTS {name}{table}" for name, table in of_table.items()]


_CHANGED = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in COLUMNS)
_DISTINCT = " OR ".join(f"OLD.{name}::text IS DISTINCT FROM NEW.{name}::text" for name in COLUMNS)
_IS_HELD_OUT = f"EXISTS (SELECT 1 FROM {PROMPTS} WHERE id = NEW.prompt AND split = 'evaluation')"  # noqa: S608
_HELD_OUT_NOW = "NEW.split = 'evaluation' AND OLD.split <> 'evaluation'"
_IS_TAUGHT = f"EXISTS (SELECT 1 FROM {ROWS} WHERE prompt = NEW.id)"  # noqa: S608


def _refusing(name: str, condition: str, said: str) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN IF {condition} THEN RAISE EXCEPTION '{said}' USING ERRCODE = 'integrity_constraint_violation'; "
        "END IF; RETURN NEW; END $$"
    )


STATEMENTS = {
    "sqlite": [
        f"CREATE TRIGGER frozen_stays BEFORE UPDATE ON {TABLE} WHEN {_CHANGED} "
        f"BEGIN SELECT RAISE(ABORT, '{SAID}'); END",
        f"CREATE TRIGGER taught_rows_come BEFORE INSERT ON {ROWS} WHEN {_IS_HELD_OUT} "
        f"BEGIN SELECT RAISE(ABORT, '{HELD_OUT}'); END",
        f"CREATE TRIGGER taught_rows_change BEFORE UPDATE ON {ROWS} "
        f"WHEN OLD.prompt IS NOT NEW.prompt AND {_IS_HELD_OUT} BEGIN SELECT RAISE(ABORT, '{HELD_OUT}'); END",
        f"CREATE TRIGGER taught_prompts_stay BEFORE UPDATE ON {PROMPTS} WHEN {_HELD_OUT_NOW} AND {_IS_TAUGHT} "
        f"BEGIN SELECT RAISE(ABORT, '{TAUGHT}'); END",
    ],
    "postgresql": [
        _refusing("frozen_stays", _DISTINCT, SAID),
        f"CREATE TRIGGER frozen_stays BEFORE UPDATE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION frozen_stays()",
        _refusing("rows_are_taught", _IS_HELD_OUT, HELD_OUT),
        f"CREATE TRIGGER taught_rows_come BEFORE INSERT ON {ROWS} FOR EACH ROW EXECUTE FUNCTION rows_are_taught()",
        f"CREATE TRIGGER taught_rows_change BEFORE UPDATE ON {ROWS} FOR EACH ROW "
        "WHEN (OLD.prompt IS DISTINCT FROM NEW.prompt) EXECUTE FUNCTION rows_are_taught()",
        _refusing("taught_prompts_stay", _IS_TAUGHT, TAUGHT),
        f"CREATE TRIGGER taught_prompts_stay BEFORE UPDATE ON {PROMPTS} FOR EACH ROW "
        f"WHEN ({_HELD_OUT_NOW}) EXECUTE FUNCTION taught_prompts_stay()",
    ],
}
