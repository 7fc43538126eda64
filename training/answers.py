"""Who wrote what in a sampling: the page, the command and the API show the same names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from training.models import Sampling


@dataclass(frozen=True)
class Answer:
    """`output` is None until it is written."""

    name: str
    adapter_id: str | None
    output: dict[str, Any] | None


def writers(sampling: Sampling) -> list[str]:
    ids = [source["adapter_id"] for source in sampling.sources]
    adapters = sampling.project.adapters.select_related("round").filter(pk__in=filter(None, ids))
    names = {str(adapter.pk): str(adapter) for adapter in adapters}
    return [names.get(pk, f"Base model {sampling.base_model}") for pk in ids]


def answers(sampling: Sampling) -> list[Answer]:
    """To the one question of the playground, in the order in which the models were named."""
    written = {output["source"]: output for output in sampling.outputs()}
    return [
        Answer(name, source["adapter_id"], written.get(source["label"]))
        for name, source in zip(writers(sampling), sampling.sources, strict=True)
    ]
