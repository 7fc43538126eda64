"""What was approved for similar prompts, beside the answer; and one such response on its own."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from annotation import diff, hints, precedent
from annotation.access import MemberRequest, project_for
from annotation.models import Demonstration, Split
from annotation.views import work_page


@require_safe
def precedents(request: MemberRequest, pk: UUID, prompt_pk: UUID) -> HttpResponse:
    """Asked for when somebody opens the fold: the work screen itself does not wait for it."""
    project = project_for(request, pk, "write")
    prompt = get_object_or_404(project.prompts.for_teaching().select_related("project"), pk=prompt_pk)
    context = {"project": project, "prompt": prompt, "found": precedent.precedents(prompt)}
    part = work_page.wants_part(request)
    return render(request, "annotation/precedents.html" + ("#list" if part else ""), context)


@require_safe
def precedent_page(request: MemberRequest, pk: UUID, prompt_pk: UUID, demonstration_pk: UUID) -> HttpResponse:
    """A response to another prompt, with what in it differs from one's own."""
    project = project_for(request, pk, "write")
    prompt = get_object_or_404(project.prompts.for_teaching(), pk=prompt_pk)
    rows = Demonstration.objects.filter(project=project).exclude(prompt=prompt)
    other = get_object_or_404(rows.select_related("prompt", "author"), pk=demonstration_pk)
    if other.prompt.split == Split.EVALUATION or not hints.readable(other, request.user, request.role):
        raise Http404("No such response")
    mine = prompt.demonstrations.filter(author=request.user).first()
    context = {
        "project": project,
        "prompt": prompt,
        "other": other,
        "changes": diff.words(other.text, mine.text) if mine and mine.text else None,
    }
    return render(request, "annotation/precedent.html", context)
