from __future__ import annotations

from django.urls import path

from evaluation.views import agreement, evaluations, outputs, promotions, scoring

P = "projects/<uuid:pk>/"
E = f"{P}evaluations/<uuid:evaluation_pk>/"
C = f"{P}contestants/<uuid:contestant_pk>/"

urlpatterns = [
    path(f"{P}agreement/", agreement.agreement, name="agreement"),
    path(f"{P}evaluations/", evaluations.evaluations, name="evaluations"),
    path(f"{P}evaluations/new/", evaluations.evaluation_create, name="evaluation_create"),
    path(E, evaluations.evaluation, name="evaluation"),
    path(f"{E}progress/", evaluations.evaluation_progress, name="evaluation_progress"),
    path(f"{E}reviewers/", evaluations.evaluation_reviewers, name="evaluation_reviewers"),
    path(f"{E}open/", evaluations.evaluation_open, name="evaluation_open"),
    path(f"{E}outputs/", outputs.evaluation_outputs, name="evaluation_outputs"),
    path(f"{C}retry/", evaluations.contestant_act, {"act": "retry"}, name="contestant_retry"),
    path(f"{C}leave-out/", evaluations.contestant_act, {"act": "leave out"}, name="contestant_leave_out"),
    path(f"{P}score/", scoring.score_next, name="score_next"),
    path(f"{P}score/<uuid:lease_pk>/", scoring.score, name="score"),
    path(f"{P}promotion/", promotions.promotions, name="promotions"),
    path(f"{P}promotion/promote/", promotions.promote, name="promote"),
    path(f"{P}promotion/rollback/", promotions.rollback, name="rollback"),
]
