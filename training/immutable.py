"""The database itself refuses to change what a frozen version is.

Made again after every migration: SQLite drops a table's triggers where it builds the table anew.
"""

from __future__ import annotations

from typing import Any

from django.db import connections

TABLE = "training_datasetversion"
COLUMNS = ("project_id", "kind", "number", "sha256", "train_rows", "validation_rows", "filter", "consensus")
SAID = "A frozen dataset version cannot be changed."


def guard(sender: Any = None, using: str = "default", **kwargs: Any) -> None:
    connection = connections[using]
    if TABLE not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        for statement in STATEMENTS[connection.vendor]:
            cursor.execute(statement)


_CHANGED = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in COLUMNS)
_DISTINCT = " OR ".join(f"OLD.{name}::text IS DISTINCT FROM NEW.{name}::text" for name in COLUMNS)
STATEMENTS = {
    "sqlite": [
        "DROP TRIGGER IF EXISTS frozen_stays",
        f"CREATE TRIGGER frozen_stays BEFORE UPDATE ON {TABLE} WHEN {_CHANGED} "
        f"BEGIN SELECT RAISE(ABORT, '{SAID}'); END",
    ],
    "postgresql": [
        f"CREATE OR REPLACE FUNCTION frozen_stays() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN IF {_DISTINCT} THEN RAISE EXCEPTION '{SAID}' USING ERRCODE = 'integrity_constraint_violation'; "
        f"END IF; RETURN NEW; END $$",
        f"DROP TRIGGER IF EXISTS frozen_stays ON {TABLE}",
        f"CREATE TRIGGER frozen_stays BEFORE UPDATE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION frozen_stays()",
    ],
}
