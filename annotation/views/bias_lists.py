from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from annotation.access import MemberRequest, project_for
from annotation.actions.bias_lists import set_bias_lists
from annotation.forms.bias import BiasListsForm
from annotation.models import BiasLists


@require_http_methods(["GET", "HEAD", "POST"])
def bias_lists(request: MemberRequest, pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    form = BiasListsForm(request.POST if request.method == "POST" else None, lists=BiasLists.of(project))
    if request.method == "POST" and form.is_valid():
        try:
            set_bias_lists(project=project, by=request.user, **form.cleaned_data)
        except ValidationError as refused:
            for field, problems in refused.message_dict.items():
                form.add_error(field, problems)
        else:
            messages.success(request, "Saved. Audits that are done keep the lists they were made with.")
            return redirect("audits", project.pk)
    context = {"project": project, "form": form}
    return render(request, "annotation/bias_lists.html", context, status=422 if form.errors else 200)
