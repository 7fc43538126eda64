from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from annotation import metrics
from tests.factories import NOTE, RESPONSE, SECTIONS

WORDS = st.lists(st.sampled_from(["the", "tenant", "paid", "1,450", "on", "14", "Feb.", "--", "rent;"]), max_size=40)
ORACLE = RougeScorer(["rougeL"], use_stemmer=False)


@pytest.mark.parametrize(
    ("text", "share", "complete"),
    [
        (RESPONSE, 1, True),
        (RESPONSE.replace("Remedies sought: Return of the deposit.\n", ""), 5 / 6, False),
        (RESPONSE.replace("Return of the deposit.", ""), 5 / 6, False),
        (RESPONSE.replace("Return of the deposit.", "--"), 5 / 6, False),
        ("Next step: Call.\n" + RESPONSE.partition("\nNext step")[0], 5 / 6, False),
        (RESPONSE + "\nParties: again", 1, False),
        ("The tenant wants her deposit back.", 0, False),
        ("", 0, False),
    ],
)  # fmt: skip
def test_it_counts_the_required_sections_that_are_there_in_order(text, share, complete):
    found = metrics.adherence(text, SECTIONS)
    assert found is not None
    assert found.share == pytest.approx(share)
    assert found.complete is complete


def test_it_has_no_adherence_where_no_format_is_asked_for():
    assert metrics.adherence(RESPONSE, []) is None
    assert metrics.dated_section(RESPONSE, "") is None


@given(st.permutations(SECTIONS))
def test_it_gives_full_adherence_only_to_the_required_order(order):
    text = "\n".join(f"{name}: something" for name in order)
    found = metrics.adherence(text, SECTIONS)
    assert found is not None
    assert (found.share == 1) == (order == SECTIONS) == found.complete
    assert found.share >= 1 / len(SECTIONS)


@pytest.mark.parametrize(
    "text",
    [
        "by 3 March 2025", "by Mar 3, 2025", "by March 3rd, 2025", "by 3rd of March 2025", "before 2025-03-03",
        "12/1/2025", "2/14/25", "25/12/2025", "on 03.03.2025", "by 3\nMarch 2025", "Sept. 30, 2024", "3 Mar. 2025",
    ],
)  # fmt: skip
def test_it_finds_a_calendar_date(text):
    assert metrics.has_date(f"Send the letter {text}.")


@pytest.mark.parametrize(
    "text",
    [
        "soon", "in March 2025", "by 3 March", "31 February 2025", "2025", "O.C.G.A. § 44-7-34", "1/2 of the rent",
        "40/50/2025", "within 30 days", "version 1.2.3", "on 0 May 2025", "Room 12/1/20255",
    ],
)  # fmt: skip
def test_it_takes_nothing_else_for_a_date(text):
    assert not metrics.has_date(text)


def test_it_looks_for_the_date_in_the_one_section_only():
    undated = RESPONSE.replace(" by 3 March 2025", "")
    assert metrics.dated_section(RESPONSE, "Next step") is True
    assert metrics.dated_section(undated, "Next step") is False
    assert metrics.dated_section("No heading, 3 March 2025", "Next step") is False
    moved = "Next step: Call.\nKey facts:\n- 14 Feb 2025: moved out"
    assert metrics.dated_section(moved, "Next step", SECTIONS) is False


@given(WORDS, WORDS)
def test_it_agrees_with_the_reference_implementation_of_rouge_l(first, second):
    text, reference = " ".join(first), " ".join(second)
    assert metrics.rouge_l(text, reference) == pytest.approx(ORACLE.score(reference, text)["rougeL"].fmeasure)


@given(st.text(alphabet=st.characters(max_codepoint=127)), st.text(alphabet=st.characters(max_codepoint=127)))
def test_it_agrees_with_rouge_l_on_any_ascii_text(text, reference):
    assert metrics.rouge_l(text, reference) == pytest.approx(ORACLE.score(reference, text)["rougeL"].fmeasure)


@given(WORDS, WORDS)
def test_what_is_kept_of_an_earlier_text_is_the_recall_of_rouge_l(first, second):
    text, earlier = " ".join(first), " ".join(second)
    expected = ORACLE.score(earlier, text)["rougeL"].recall if metrics.tokens(earlier) else 1.0
    assert metrics.kept(text, earlier) == pytest.approx(expected)


def test_it_counts_letters_of_other_scripts_too():
    assert metrics.rouge_l("Договор аренды", "Договор аренды") == 1
    assert metrics.rouge_l("Miete gekündigt", "Miete gekuerzt") == pytest.approx(0.5)


@given(st.text(max_size=60), st.text(max_size=60))
def test_it_keeps_rouge_l_between_none_and_all(text, reference):
    score = metrics.rouge_l(text, reference)
    assert 0 <= score <= 1
    assert score == metrics.rouge_l(reference, text)


def test_it_counts_what_corpus_bleu_adds_up():
    counts = metrics.bleu_counts("the cat sat on the mat", "the cat sat on a mat")
    assert counts == [6, 6, 5, 3, 2, 1, 6, 5, 4, 3]


def test_it_names_the_amounts_and_years_that_the_source_does_not_have():
    text = "Deposit of $1,450 paid in 2025; rent $1,200; sued in 2019 under O.C.G.A. § 44-7-34."
    assert metrics.unsupported_figures(text, NOTE) == ["2019", "$1,200"]
    assert set(metrics.figures(text).values()) == {"$1,450", "2025", "$1,200", "2019"}


@pytest.mark.parametrize(
    ("written", "source"),
    [
        ("$3,000", "about $3k"), ("$1,385", "rent 1,385 a month"), ("$1,450.00", "1450"), ("2025", "on 2/14/25"),
        ("2024", "since Nov '24"), ("€ 20", "20 euros"), ("$31,200", "lost $31,200, he says"), ("2011", "in 2011."),
    ],
)  # fmt: skip
def test_it_finds_a_figure_in_whatever_digits_the_source_writes_it(written, source):
    assert metrics.figures(written)
    assert metrics.unsupported_figures(written, source) == []


@given(st.text(max_size=80))
def test_it_finds_every_figure_of_a_text_in_that_text(text):
    assert metrics.unsupported_figures(text, text) == []


def test_it_measures_everything_at_once():
    found = metrics.measure(RESPONSE, source=NOTE, reference=RESPONSE, required=SECTIONS, dated="Next step")
    assert found["adherence"] == found["rouge_l"] == 1
    assert found["complete"] is found["dated"] is True
    assert found["words"] == len(RESPONSE.split())
    assert found["figures"] == 2
    assert found["unsupported"] == []


def test_it_leaves_out_what_has_no_meaning():
    found = metrics.measure("Yes.", source="", reference="", required=[], dated="")
    assert {name for name, value in found.items() if value is None} == {
        "adherence", "complete", "dated", "rouge_l", "bleu_counts",
    }  # fmt: skip


@given(st.text(max_size=200), st.text(max_size=80))
def test_it_measures_any_text_without_stumbling(text, reference):
    found = metrics.measure(text, source=reference, reference=reference, required=SECTIONS, dated="Next step")
    assert 0 <= found["adherence"] <= 1
    assert len(found["unsupported"]) <= found["figures"]


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("She paid $1,450 on 3 March 2025; the lease began in 2019.", 1.0),
        ("Paid: 1450 on 2025-03-03, lease of 2019", 1.0),
        ("Paid $1,450 on 4 March 2025, lease of 2019", 2 / 3),
        ("Paid $1,540 in March 2025", 0.0),
        ("", 0.0),
    ],
)
def test_it_counts_the_facts_of_the_reference_that_a_text_has(text: str, share: float) -> None:
    reference = "The tenant paid $1,450 on March 3, 2025. The lease is from 2019."
    assert metrics.required_facts(text, reference) == pytest.approx(share)


def test_it_asks_for_no_facts_where_the_reference_has_none() -> None:
    assert metrics.required_facts("She paid $5.", "The roof leaks.") is None


def test_it_takes_a_date_in_either_order_of_day_and_month() -> None:
    assert metrics.required_facts("Due 3 April 2025", "Due 4/3/2025") == 1.0
    assert metrics.required_facts("Due 4 March 2025", "Due 3/4/2025") == 1.0
    assert metrics.required_facts("Due 3 April 2025", "Due 2025-03-04") == 0.0


@given(st.text(max_size=80))
def test_it_finds_every_fact_of_a_text_in_that_text(text):
    assert metrics.required_facts(text, text) in (None, 1.0)
