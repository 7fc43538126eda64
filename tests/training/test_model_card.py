"""The card of an adapter: what it says, where its figures come from, and that it names nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User

from annotation.actions.ranking import rank
from annotation.models import Demonstration, Project
from tests import factories
from training import actions
from training.adapters import provenance
from training.adapters.model_card import Agreement, Base, Data, Facts, People, card
from training.models import BaseModel, DatasetVersion

FACTS = Facts(
    title="Client intake: SFT adapter",
    objective="Turn notes into summaries.",
    method="sft",
    method_name="SFT",
    base=Base("acme/small-chat", "0a1b2c", "acme/small-chat@0a1b2c", "f" * 64, "Apache-2.0"),
    data=Data("Demonstrations v2", "d" * 64, 120, 12, ("1", "2")),
    people=(People("written", {"expert": 3, "admin": 1}), People("approved", {"reviewer": 1})),
    params=[("Learning rate", "0.0002"), ("Odd | one", "a\nb")],
    result={"eval_loss_before": 2.5, "eval_loss": 1.25, "eval_reward_accuracy": 0.875, "train_loss": 1.0},
)


def test_it_says_what_the_adapter_is_made_from_and_where_it_ends() -> None:
    text = card(FACTS)
    for line in (
        'base_model: "acme/small-chat"',
        'base_model_relation: "adapter"',
        'license: "apache-2.0"',
        "- Base model: acme/small-chat, revision `0a1b2c`",
        f"- SHA-256 of the dataset version: `{'d' * 64}`",
        "- Dataset version: Demonstrations v2, 120 rows to learn from, 12 rows to check with",
        "- Written by: 3 experts, 1 admin",
        "- Approved by: 1 reviewer",
        "- Built on: the base model itself",
        "| Loss on held-out rows before | 2.500 |",
        "| Loss on held-out rows after | 1.250 |",
        "| Held-out pairs it gets right | 88 % |",
        "| Learning rate | 0.0002 |",
        "| Odd \\| one | a b |",
        "The base model is under Apache-2.0.",
        "rest on 12 rows",
    ):
        assert line in text
    assert "Agreement" not in text
    assert text.startswith("---\n")
    assert "training rows" not in text.split("## What was measured")[1].split("##")[0]


def test_it_says_how_far_rankers_agree_or_that_it_cannot_be_told() -> None:
    assert "75 % (two people said the same of 9 of 12 pairs" in card(replace(FACTS, agreement=Agreement(9, 12)))
    assert "no two people ranked the same candidates" in card(replace(FACTS, agreement=Agreement(0, 0)))


def test_it_says_of_a_merged_model_what_it_is() -> None:
    text = card(FACTS, merged=True)
    assert 'base_model_relation: "finetune"' in text
    assert 'library_name: "transformers"' in text
    assert "merged into the base model's weights" in text


def test_it_says_what_is_not_known() -> None:
    bare = replace(
        FACTS, result={}, base=Base("toy", None, "", "a" * 64, ""), data=replace(FACTS.data, validation_rows=0)
    )
    text = card(bare)
    assert "not on record here" in text
    assert "license:" not in text
    assert "revision" not in text
    assert "## What was measured\n\nNothing." in text


@pytest.mark.django_db
class TestProvenance:
    def test_it_counts_people_by_role_and_names_none(
        self, dataset: DatasetVersion, base_model: BaseModel, ada: User, rita: User, eve: User, rung: Any
    ) -> None:
        Demonstration.objects.update(reviewed_by=rita)
        one = Demonstration.objects.first()
        assert one
        Demonstration.objects.filter(pk=one.pk).update(author=eve)
        dataset.project.memberships.filter(user=eve).delete()
        round = actions.launch_round(project=dataset.project, method="sft", dataset_version=dataset, params={}, by=ada)
        facts = provenance.facts(round, {})
        assert [(people.did, people.by_role) for people in facts.people] == [
            ("written", {"expert": 1, "former member": 1}),
            ("approved", {"reviewer": 1}),
        ]
        assert facts.agreement is None
        assert facts.data.guidelines == tuple(dataset.statistics["guidelines"])
        text = card(facts)
        assert not [name for name in ("Erin", "Eve", "Rita", "Ada", "erin", "rita@") if name in text]
        assert str(base_model.directory) not in text

    def test_it_counts_where_rankers_agree(
        self, project: Project, erin: User, eve: User, rita: User, ada: User, base_model: BaseModel, rung: Any
    ) -> None:
        for _number in range(4):
            made = factories.comparison(factories.prompt(project), ["One.", "Two.", "Three."], rankings_needed=2)
            a, b, c = (str(candidate.pk) for candidate in made.candidates.all())
            rank(comparison=made, by=erin, order=[[a], [b], [c]])
            rank(comparison=made, by=eve, order=[[a], [c], [b]])  # 2 of 3 pairs alike
        version = actions.freeze(kind="preferences", project=project, by=ada)
        round = actions.launch_round(
            project=project, method="dpo", dataset_version=version, params={}, by=ada, start_from_base=True
        )
        facts = provenance.facts(round, {})
        assert facts.agreement == Agreement(8, 12)
        assert [(people.did, people.by_role) for people in facts.people] == [("ranked", {"expert": 2})]


def test_a_base_model_says_its_hub_id_and_revision_when_its_source_does() -> None:
    hub = BaseModel(name="Small", source="acme/small-chat@0a1b2c")
    wheel = BaseModel(name="Small", source="llm_small-0.1.whl#Small.Q4_1.gguf")
    assert (hub.public_id, hub.revision) == ("acme/small-chat", "0a1b2c")
    assert (wheel.public_id, wheel.revision) == ("Small", None)
