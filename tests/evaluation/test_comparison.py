from __future__ import annotations

import pytest

from evaluation import measures, verdicts
from evaluation.comparison import compare
from evaluation.measures import Facts
from evaluation.models import Contestant, Output
from tests.evaluation import factories
from tests.factories import SECTIONS
from training.jobs import Status


@pytest.fixture
def three(project):
    sft = factories.adapter(project)
    dpo = factories.adapter(project, "dpo", parent=sft)
    return factories.evaluation(project, [None, sft, dpo])


def text_of(found: list[verdicts.Verdict]) -> str:
    return "\n".join(finding.text for verdict in found for finding in verdict.findings)


def test_it_measures_each_contestant_with_n_and_interval(three, rita):
    factories.review_all(three, rita)
    base, sft, dpo = compare(three).columns
    utility = sft.estimates["review-utility"]
    assert utility.n == 12
    assert 7 <= utility.low < utility.value < utility.high <= 9
    assert base.estimates["adherence"].value == 0
    assert sft.estimates["adherence"].value == dpo.estimates["complete"].value == 1
    assert dpo.estimates["dated"].value == 1
    assert sft.estimates["dated"].value == 0
    assert dpo.estimates["bleu"].value == pytest.approx(100)
    assert base.estimates["validation_loss"].value > sft.estimates["validation_loss"].value
    assert base.estimates["perplexity"].value == pytest.approx(11.02, rel=0.05)
    assert sft.estimates["unsupported"].value == pytest.approx(0.5)
    assert "anything to count" in base.estimates["unsupported"].reason


def test_it_takes_three_queries(three, rita, django_assert_num_queries):
    factories.review_all(three, rita)
    _ = three.project
    with django_assert_num_queries(3):
        found = compare(three)
        _ = text_of(verdicts.verdicts(found)), [column.label for column in found.columns]


def test_it_holds_each_adapter_against_the_base_model_and_its_parent(three):
    pairs = [(pair.first.label, pair.second.label) for pair in compare(three).pairs]
    base = "Base model SmolLM2-135M-Instruct"
    assert pairs == [
        ("SFT adapter of round 1", base),
        ("DPO adapter of round 2", base),
        ("DPO adapter of round 2", "SFT adapter of round 1"),
    ]


def test_it_holds_adapters_against_the_one_before_where_there_is_no_base_model(project):
    one, other = factories.adapter(project), factories.adapter(project)
    found = compare(factories.evaluation(project, [one, other]))
    assert [(pair.first.label[-1], pair.second.label[-1]) for pair in found.pairs] == [("2", "1")]


def test_it_says_who_is_better_in_plain_words(three, rita):
    factories.review_all(three, rita)
    first, *_ = verdicts.verdicts(compare(three))
    headline = first.findings[0]
    assert headline.tone == verdicts.BETTER
    assert headline.text.startswith(
        "The SFT adapter of round 1 is clearly better than the base model on overall utility: 8.3 against 2.5 ("
    )
    assert "95 % interval" in headline.text
    assert headline.text.endswith("12 prompts).")
    assert "By the automatic measures the SFT adapter of round 1 is better than the base model on" in text_of([first])


def test_it_says_plainly_what_got_worse(three, rita):
    factories.review_all(three, rita, levels=(1, 5, 2))
    last = verdicts.verdicts(compare(three))[-1]
    assert last.findings[0].tone == verdicts.WORSE
    assert "The DPO adapter of round 2 is clearly worse than the SFT adapter of round 1 on overall utility" in (
        last.findings[0].text
    )
    worse = [finding.text for finding in last.findings if finding.tone == verdicts.WORSE]
    assert len(worse) == 5
    assert any("on accuracy" in text and "(difference −" in text for text in worse)
    assert not any("clearly worse" in text for text in (text_of([last]).split("By the automatic measures")[-1:]))


def test_it_says_when_no_difference_can_be_told(three, rita):
    factories.review_all(three, rita, levels=(1, 4, 4))
    last = verdicts.verdicts(compare(three))[-1]
    assert "no difference between the DPO adapter of round 2 and the SFT adapter of round 1 can be told yet" in (
        last.findings[0].text
    )
    assert "can be told yet" in text_of([last])


def test_it_does_not_judge_on_a_handful(project, rita):
    evaluation = factories.evaluation(project, [None, factories.adapter(project)], reviewed_prompts=3)
    assert "No person has judged" in text_of(verdicts.verdicts(compare(evaluation)))
    factories.review_all(evaluation, rita, levels=(1, 5))
    assert "3 prompts only: too few" in text_of(verdicts.verdicts(compare(evaluation)))


def test_it_does_not_compare_losses_across_base_models(project):
    other = factories.base_model("Other", is_default=False)
    evaluation = factories.evaluation(project, [None, factories.adapter(project, base_model=other)])
    difference = compare(evaluation).pairs[0].of("validation_loss")
    assert (difference.first, difference.estimate.value) == (None, None)
    assert "count tokens differently" in difference.estimate.reason
    assert "validation loss" not in text_of(verdicts.verdicts(compare(evaluation)))


def test_it_leaves_out_contestants_that_have_not_answered(three):
    Contestant.objects.filter(evaluation=three, position=2).update(status=Status.FAILED)
    found = compare(three)
    assert len(found.columns) == 3
    assert len(found.answered) == 2
    assert len(found.pairs) == 1
    assert found.columns[2].estimates["words"].value is None


def test_it_counts_reviews_wanted_and_given(three, rita):
    factories.review(Output.objects.filter(for_review=True).first(), rita)
    found = compare(three)
    assert (found.reviews_wanted, found.reviews_in, found.reviews_missing) == (36, 1, 35)


def test_it_averages_the_reviews_of_one_output_first(project, rita, erin):
    evaluation = factories.evaluation(project, [None], reviews_per_output=2)
    for output in Output.objects.all():
        factories.review(output, rita, 2)
        factories.review(output, erin, 4)
    estimate = compare(evaluation).columns[0].estimates["review-accuracy"]
    assert (estimate.value, estimate.n) == (3, 12)


def test_it_puts_the_worst_output_first():
    loss = next(each for each in measures.AUTOMATIC if each.key == "validation_loss")
    adherence = next(each for each in measures.AUTOMATIC if each.key == "adherence")
    outputs = [
        Facts("a", "1", {"adherence": 0.5}, 1.0, 10),
        Facts("b", "2", {"adherence": None}, None, 0),
        Facts("c", "3", {"adherence": 0.1}, 3.0, 10),
    ]
    assert [each.id for each, _ in measures.worst_first(loss, outputs)] == ["c", "a", "b"]
    assert [each.id for each, _ in measures.worst_first(adherence, outputs)] == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("adherence", 0.914, "91 %"), ("review-utility", 7.06, "7.1"), ("words", 84.4, "84"),
        ("rouge_l", 0.613, "0.61"), ("validation_loss", -0.5, "−0.50"),
        ("adherence", -0.04, "−4 %"), ("words", None, "–"),
    ],
)  # fmt: skip
def test_it_shows_values_as_people_read_them(key, value, shown):
    measure = next(each for each in measures.all_measures() if each.key == key)
    assert measure.show(value) == shown


def test_it_names_the_dated_section():
    labels = [each.label for each in measures.all_measures("Next step")]
    assert "Next step with a date" in labels
    assert len(labels) == 14
    assert SECTIONS
