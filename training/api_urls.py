from __future__ import annotations

from django.urls import include, path

from training.api import (
    curves,
    datasets,
    leaks,
    lineage,
    models,
    packages,
    playground,
    preflights,
    rounds,
    samplings,
    suspects,
    which_way,
    workers,
)

project_urls = [
    path("datasets/", datasets.Datasets.as_view(), name="api_datasets"),
    path("datasets/<uuid:dataset_pk>/leaks/", leaks.DatasetLeaks.as_view(), name="api_dataset_leaks"),
    path("datasets/compare/", lineage.DatasetComparison.as_view(), name="api_dataset_comparison"),
    path("datasets/<uuid:dataset_pk>/again/", lineage.DatasetRebuild.as_view(), name="api_dataset_rebuild"),
    path("datasets/<uuid:dataset_pk>/<slug:part>/", datasets.DatasetFile.as_view(), name="api_dataset_file"),
    path("lineage/<slug:kind>/<uuid:item_pk>/", lineage.TextLineage.as_view(), name="api_lineage"),
    path("erasures/", lineage.Erasures.as_view(), name="api_erasures"),
    path("erasures/<uuid:erasure_pk>/", lineage.OneErasure.as_view(), name="api_erasure"),
    path("erasures/<uuid:erasure_pk>/resume/", lineage.ErasureResume.as_view(), name="api_erasure_resume"),
    path("rounds/", rounds.Rounds.as_view(), name="api_rounds"),
    path("rounds/<uuid:round_pk>/", rounds.Round.as_view(), name="api_round"),
    path("rounds/<uuid:round_pk>/tensorboard/", curves.RoundTensorBoard.as_view(), name="api_round_tensorboard"),
    path("rounds/<uuid:round_pk>/mlflow/", curves.RoundMLflow.as_view(), name="api_round_mlflow"),
    path("rounds/<uuid:round_pk>/suspects/", suspects.Suspects.as_view(), name="api_round_suspects"),
    path("rounds/<uuid:round_pk>/cancel/", rounds.RoundCancel.as_view(), name="api_round_cancel"),
    path("rounds/<uuid:round_pk>/retry/", rounds.RoundRetry.as_view(), name="api_round_retry"),
    path("which-way/", which_way.WhichWay.as_view(), name="api_which_way"),
    path("preflights/", preflights.Preflights.as_view(), name="api_preflights"),
    path("preflights/<uuid:preflight_pk>/", preflights.OnePreflight.as_view(), name="api_preflight"),
    path("preflights/<uuid:preflight_pk>/launch/", preflights.PreflightLaunch.as_view(), name="api_preflight_launch"),
    path("adapters/", models.Adapters.as_view(), name="api_adapters"),
    path("adapters/compare/", packages.AdapterComparison.as_view(), name="api_adapter_comparison"),
    path("adapters/<uuid:adapter_pk>/lineage/", lineage.AdapterLineage.as_view(), name="api_adapter_lineage"),
    path("adapters/<uuid:adapter_pk>/allow/", lineage.AdapterAllow.as_view(), name="api_adapter_allow"),
    path("adapters/<uuid:adapter_pk>/packages/", packages.Packages.as_view(), name="api_packages"),
    path("packages/<uuid:package_pk>/", packages.OnePackage.as_view(), name="api_package"),
    path("packages/<uuid:package_pk>/file/", packages.PackageFile.as_view(), name="api_package_file"),
    path("packages/<uuid:package_pk>/cancel/", packages.PackageCancel.as_view(), name="api_package_cancel"),
    path("samplings/", samplings.Samplings.as_view(), name="api_samplings"),
    path("samplings/<uuid:sampling_pk>/", samplings.OneSampling.as_view(), name="api_sampling"),
    path("samplings/<uuid:sampling_pk>/cancel/", samplings.SamplingCancel.as_view(), name="api_sampling_cancel"),
    path("playground/", playground.Playground.as_view(), name="api_playground"),
    path("playground/<uuid:sampling_pk>/", playground.PlaygroundResult.as_view(), name="api_playground_result"),
]

urlpatterns = [
    path("projects/<uuid:pk>/", include(project_urls)),
    path("workers/", workers.Workers.as_view(), name="api_workers"),
    path("disk-use/", workers.DiskUse.as_view(), name="api_disk_use"),
    path("base-models/", models.BaseModels.as_view(), name="api_base_models"),
]
