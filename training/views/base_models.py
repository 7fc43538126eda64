from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from training import choosing
from training.actions import register_base_model
from training.models import BaseModel


@require_http_methods(["GET", "HEAD", "POST"])
def base_models(request: HttpRequest) -> HttpResponse:
    """Known base models, and prepared folders that are not known yet. Only folders in their one place are offered."""
    if not request.user.is_staff:
        raise PermissionDenied("Only a system administrator manages base models.")
    waiting = _unregistered()
    if request.method == "POST":
        chosen = next((folder for folder in waiting if folder.name == request.POST.get("folder")), None)
        if chosen is None:
            messages.error(request, "This folder is not there, or is registered already.")
            return redirect("base_models")
        try:
            base = register_base_model(directory=chosen, by=request.user)
            messages.success(request, f"{base} is registered.")
        except ValidationError as refused:
            messages.error(request, " ".join(refused.messages))
        return redirect("base_models")
    rows = BaseModel.objects.annotate(round_count=Count("rounds"))
    context = {"base_models": rows, "waiting": waiting, "folder": settings.BASE_MODELS_DIR}
    return render(request, "training/base_models.html", context)


def _unregistered() -> list[Path]:
    known = {base.directory.resolve() for base in BaseModel.objects.all()}
    return [folder for folder in choosing.prepared_folders() if folder.resolve() not in known]
