"""Which prompts of a project somebody means: what the list shows, and what is arranged together."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import Q

from annotation import search
from annotation.models import Demonstration, Project, Prompt, PromptQuerySet

FEW = 2_000  # responses in one state that are looked up one by one
TASK_TYPES = """
WITH RECURSIVE kinds(kind) AS (
    SELECT (SELECT min(task_type) FROM annotation_prompt WHERE project_id = %s AND task_type > '')
    UNION ALL
    SELECT (SELECT min(task_type) FROM annotation_prompt WHERE project_id = %s AND task_type > kinds.kind)
    FROM kinds WHERE kinds.kind IS NOT NULL
)
SELECT kind FROM kinds WHERE kind IS NOT NULL LIMIT %s
"""


def matching(project: Project, chosen: dict[str, Any]) -> PromptQuerySet:
    """Those that fit everything chosen; what is empty or missing chooses nothing."""
    prompts = project.prompts.all()
    prompts = prompts.filter(**{name: chosen[name] for name in ("split", "task_type") if chosen.get(name)})
    if chosen.get("priority") not in (None, ""):
        prompts = prompts.filter(priority=chosen["priority"])
    if chosen.get("difficulty"):
        estimated = Q(difficulty=None, estimated_difficulty=chosen["difficulty"])
        prompts = prompts.filter(Q(difficulty=chosen["difficulty"]) | estimated)
    if chosen.get("assigned"):
        prompts = prompts.filter(assignment__isnull=chosen["assigned"] == "no")
    if chosen.get("status"):
        prompts = _with_response(project, prompts, chosen["status"])
    return search.find(prompts, project, str(chosen.get("q", "")))


def _with_response(project: Project, prompts: PromptQuerySet, status: str) -> PromptQuerySet:
    """A state that few responses are in is found by its index: a walk over all prompts would find it late."""
    if status != "none":
        inside = Demonstration.objects.filter(project=project, status=status).order_by()
        few = list(inside.values_list("prompt_id", flat=True)[: FEW + 1])
        if len(few) <= FEW:
            return prompts.filter(pk__in=few)
    return prompts.with_response(status)


def task_types(project: Project, most: int) -> list[str]:
    """Each once, in order: the index is asked for the next one, so it costs what there are types, not prompts."""
    pk = Prompt._meta.get_field("project").get_db_prep_value(project.pk, connection)
    with connection.cursor() as cursor:
        cursor.execute(TASK_TYPES, [pk, pk, most])
        return [kind for (kind,) in cursor.fetchall()]
