from __future__ import annotations

from django.urls import include, path

from evaluation import api

E = "evaluations/<uuid:evaluation_pk>/"

project_urls = [
    path("evaluation-sets/", api.EvaluationSets.as_view(), name="api_evaluation_sets"),
    path("evaluations/", api.Evaluations.as_view(), name="api_evaluations"),
    path(E, api.OneEvaluation.as_view(), name="api_evaluation"),
    path(f"{E}open/", api.OpenResults.as_view(), name="api_evaluation_open"),
    path(f"{E}outputs/", api.Outputs.as_view(), name="api_evaluation_outputs"),
    path(f"{E}reviews/", api.Reviews.as_view(), name="api_evaluation_reviews"),
    path("contestants/<uuid:contestant_pk>/retry/", api.ContestantRetry.as_view(), name="api_contestant_retry"),
    path(
        "contestants/<uuid:contestant_pk>/leave-out/", api.ContestantLeaveOut.as_view(), name="api_contestant_leave_out"
    ),
    path("promotions/", api.Promotions.as_view(), name="api_promotions"),
    path("promotions/rollback/", api.Rollback.as_view(), name="api_rollback"),
]

urlpatterns = [path("projects/<uuid:pk>/", include(project_urls))]
