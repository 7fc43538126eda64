from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from annotation.access import MemberRequest, project_for
from annotation.texts import counted
from training.actions import drop_suspects, send_suspects
from training.forms import SendSuspectsForm, attach
from training.suspects import found

SHOWN = 25


@require_http_methods(["GET", "HEAD", "POST"])
def round_suspects(request: MemberRequest, pk: UUID, round_pk: UUID) -> HttpResponse:
    """The rows or pairs that a round found hard to believe, and asking people to look at them again."""
    project = project_for(request, pk, "manage")
    round = get_object_or_404(project.rounds.select_related("dataset_version", "project"), pk=round_pk)
    of_pairs = found.of_pairs(round)
    if request.POST.get("action") == "drop":
        dropped = drop_suspects(round=round, by=request.user)
        messages.success(request, f"{counted(dropped, 'pair' if of_pairs else 'second look')} taken back.")
        return redirect("round_suspects", project.pk, round.pk)
    form = SendSuspectsForm(request.POST if request.method == "POST" else None, project=project, of_pairs=of_pairs)
    if request.method == "POST" and form.is_valid():
        try:
            asked = send_suspects(round=round, by=request.user, **form.cleaned_data)
        except ValidationError as refused:
            attach(form, refused)
        else:
            what = "pair" if of_pairs else "response"
            messages.success(request, f"{counted(asked, what)} went to people who look again.")
            return redirect("round_suspects", project.pk, round.pk)
    rows = found.rows_of(round)
    page = Paginator(rows, SHOWN).get_page(request.GET.get("page"))
    context = {
        "project": project,
        "round": round,
        "form": form,
        "of_pairs": of_pairs,
        "page": page,
        "found": found.with_states(round, list(page)),
        "tally": found.tally(round),
        "measured": found.count(round) is not None,
    }
    return render(request, "training/round_suspects.html", context, status=422 if form.errors else 200)
