from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from config import overview, progress, views

api: list[URLPattern | URLResolver] = [
    path("", include("annotation.api_urls")),
    path("", include("training.api_urls")),
    path("", include("evaluation.api_urls")),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api_docs"),
]

urlpatterns = [
    path("", views.home, name="home"),
    path("livez", views.livez, name="livez"),
    path("readyz", views.readyz, name="readyz"),
    path("projects/<uuid:pk>/", overview.overview, name="project"),
    path("projects/<uuid:pk>/progress/", progress.progress, name="progress"),
    path("api/v1/", include(api)),
    path("", include("annotation.urls")),
    path("", include("training.urls")),
    path("", include("evaluation.urls")),
]
