from __future__ import annotations

from django.urls import include, path

from training.views import (
    adapters,
    base_models,
    curves,
    datasets,
    erasing,
    leaks,
    lineage,
    playground,
    rounds,
    sampling,
    suspects,
    workers,
)

project_urls = [
    path("datasets/", datasets.datasets, name="datasets"),
    path("datasets/compare/", lineage.dataset_comparison, name="dataset_comparison"),
    path("datasets/<uuid:dataset_pk>/", datasets.dataset, name="dataset"),
    path("datasets/<uuid:dataset_pk>/leaks/", leaks.dataset_leaks, name="dataset_leaks"),
    path("datasets/<uuid:dataset_pk>/compare/", leaks.dataset_compare, name="dataset_compare"),
    path("datasets/<uuid:dataset_pk>/without-leaks/", leaks.dataset_without_leaks, name="dataset_without_leaks"),
    path("datasets/<uuid:dataset_pk>/again/", erasing.dataset_rebuild, name="dataset_rebuild"),
    path("datasets/<uuid:dataset_pk>/<slug:part>/", datasets.dataset_file, name="dataset_file"),
    path("lineage/<slug:kind>/<uuid:item_pk>/", lineage.lineage, name="lineage"),
    path("erasures/", erasing.erasures, name="erasures"),
    path("erasures/<uuid:erasure_pk>/", erasing.erasure, name="erasure"),
    path("rounds/", rounds.rounds, name="rounds"),
    path("rounds/new/", rounds.round_create, name="round_create"),
    path("preflights/<uuid:preflight_pk>/", rounds.preflight, name="preflight"),
    path("rounds/<uuid:round_pk>/", rounds.round, name="round"),
    path("rounds/<uuid:round_pk>/progress/", rounds.round_progress, name="round_progress"),
    path("rounds/<uuid:round_pk>/tensorboard/", curves.round_tensorboard, name="round_tensorboard"),
    path("rounds/<uuid:round_pk>/mlflow/", curves.round_mlflow, name="round_mlflow"),
    path("rounds/<uuid:round_pk>/suspects/", suspects.round_suspects, name="round_suspects"),
    path("rounds/<uuid:round_pk>/cancel/", rounds.round_cancel, name="round_cancel"),
    path("rounds/<uuid:round_pk>/retry/", rounds.round_retry, name="round_retry"),
    path("adapters/", adapters.adapters, name="adapters"),
    path("adapters/compare/", adapters.adapter_comparison, name="adapter_comparison"),
    path("adapters/<uuid:adapter_pk>/", adapters.adapter, name="adapter"),
    path("adapters/<uuid:adapter_pk>/lineage/", lineage.adapter_lineage, name="adapter_lineage"),
    path("adapters/<uuid:adapter_pk>/allow/", erasing.adapter_allow, name="adapter_allow"),
    path("adapters/<uuid:adapter_pk>/packages/", adapters.package_create, name="package_create"),
    path("packages/<uuid:package_pk>/file/", adapters.package_file, name="package_file"),
    path("packages/<uuid:package_pk>/cancel/", adapters.package_cancel, name="package_cancel"),
    path("sampling/", sampling.sampling_create, name="sampling_create"),
    path("sampling/<uuid:sampling_pk>/", sampling.sampling, name="sampling"),
    path("sampling/<uuid:sampling_pk>/cancel/", sampling.sampling_cancel, name="sampling_cancel"),
    path("workers/", workers.workers, name="workers"),
    path("playground/", playground.playground, name="playground"),
    path("playground/<uuid:sampling_pk>/", playground.playground_result, name="playground_result"),
]

urlpatterns = [
    path("projects/<uuid:pk>/", include(project_urls)),
    path("workers/", workers.installation_workers, name="installation_workers"),
    path("base-models/", base_models.base_models, name="base_models"),
]
