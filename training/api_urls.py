from __future__ import annotations

from django.urls import include, path

from training import api

project_urls = [
    path("datasets/", api.Datasets.as_view(), name="api_datasets"),
    path("datasets/<uuid:dataset_pk>/<slug:part>/", api.DatasetFile.as_view(), name="api_dataset_file"),
    path("rounds/", api.Rounds.as_view(), name="api_rounds"),
    path("rounds/<uuid:round_pk>/", api.Round.as_view(), name="api_round"),
    path("rounds/<uuid:round_pk>/cancel/", api.RoundCancel.as_view(), name="api_round_cancel"),
    path("rounds/<uuid:round_pk>/retry/", api.RoundRetry.as_view(), name="api_round_retry"),
    path("adapters/", api.Adapters.as_view(), name="api_adapters"),
    path("samplings/", api.Samplings.as_view(), name="api_samplings"),
    path("samplings/<uuid:sampling_pk>/", api.OneSampling.as_view(), name="api_sampling"),
    path("samplings/<uuid:sampling_pk>/cancel/", api.SamplingCancel.as_view(), name="api_sampling_cancel"),
]

urlpatterns = [
    path("projects/<uuid:pk>/", include(project_urls)),
    path("base-models/", api.BaseModels.as_view(), name="api_base_models"),
]
