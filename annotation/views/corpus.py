from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.access import MemberRequest, project_for
from annotation.actions.corpus import CorpusRefused, delete_documents, import_documents
from annotation.corpus import read_files
from annotation.forms.corpus import CorpusForm, CorpusSearchForm
from annotation.models import Project
from annotation.search import find
from annotation.texts import counted

PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
def corpus(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The project's texts; posting files imports them, all or none."""
    project = project_for(request, pk, "manage")
    form = CorpusForm(request.POST, request.FILES) if request.method == "POST" else CorpusForm()
    problems: list[dict[str, str]] = []
    if form.is_valid():
        files = [(str(file.name), file.file) for file in form.cleaned_data["files"]]
        texts = read_files(files, settings.MAX_IMPORT_BYTES)
        try:
            counts = import_documents(project=project, texts=texts, by=request.user)
        except CorpusRefused as refused:
            form.add_error(None, str(refused))
            problems = refused.counts.first_problems
        else:
            known = f" {counted(counts.known, 'text')} you have already passed over." if counts.known else ""
            messages.success(request, f"{counted(counts.new, 'text')} imported.{known}")
            return redirect("corpus", project.pk)
    return _show(request, project, form, problems)


def _show(request: MemberRequest, project: Project, form: CorpusForm, problems: list[dict[str, str]]) -> HttpResponse:
    search = CorpusSearchForm(request.GET)
    found = find(project.documents.all(), project, search.search)
    figures = found.aggregate(words=Sum("words"))
    page = Paginator(found.defer("text").order_by("-created_at", "pk"), PAGE).get_page(request.GET.get("page"))
    context = {
        "project": project,
        "form": form,
        "problems": problems,
        "search": search,
        "page": page,
        "words": figures["words"] or 0,
        "query": urlencode({"q": search.search}) if search.search else "",
    }
    return render(request, "annotation/corpus.html", context, status=422 if form.errors else 200)


@require_safe
def document(request: MemberRequest, pk: UUID, document_pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    found = get_object_or_404(project.documents.select_related("created_by"), pk=document_pk)
    return render(request, "annotation/document.html", {"project": project, "document": found})


@require_POST
def corpus_delete(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Takes the chosen texts out."""
    project = project_for(request, pk, "manage")
    chosen = set()
    for key in request.POST.getlist("document"):
        with suppress(ValueError):
            chosen.add(UUID(key))
    deleted = delete_documents(project=project, documents=project.documents.filter(pk__in=chosen), by=request.user)
    if deleted:
        messages.success(request, f"{counted(deleted, 'text')} deleted. Versions frozen before keep them.")
    else:
        messages.error(request, "Choose at least one text to delete.")
    return redirect("corpus", project.pk)
