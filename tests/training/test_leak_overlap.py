from __future__ import annotations

import random
import time

from training.leaks.overlap import BOILERPLATE, Hit, Known, Passages, subject

NOTE = (
    "Denise Okafor moved out of her flat on 14 February and returned the keys the same day. The landlord kept the "
    "deposit of 1450 dollars and sent no itemised list. She wants the deposit back and asks what to do first."
)
OTHER = (
    "Clarence Ingram of Albany says that his neighbour cut down fourteen wax myrtles which he planted years ago. "
    "Neither of them has a survey newer than 1988, and the nursery quoted a high price for new ones of that size."
)
TOLD_AGAIN = (
    "Wanting her deposit returned, Paula Reyes asks what to do first. She moved out of the flat on 3 March and the "
    "keys were returned the same day. The landlord sent no itemised list and kept the deposit of 2100 dollars."
)


def kinds(hits: list[Hit]) -> list[str]:
    return [hit.kind for hit in hits]


def test_it_finds_the_same_text_whatever_its_case_and_spacing() -> None:
    (hit,) = Known([(7, NOTE)]).look("  " + NOTE.upper().replace(" ", "\n "))
    assert (hit.held_out, hit.kind, hit.similarity) == (7, "exact", 1.0)


def test_it_finds_a_text_with_a_few_words_changed() -> None:
    (hit,) = Known([(7, NOTE), (8, OTHER)]).look(NOTE.replace("what to do first", "what she should do"))
    assert (hit.held_out, hit.kind) == (7, "near")


def test_it_finds_a_paraphrase_in_another_order_with_other_names_and_numbers() -> None:
    (hit,) = Known([(7, NOTE), (8, OTHER)]).look(TOLD_AGAIN)
    assert (hit.held_out, hit.kind) == (7, "near")


def test_it_finds_a_passage_of_thirteen_words_and_none_of_twelve() -> None:
    thirteen = " ".join(NOTE.split()[3:16])
    (hit,) = Known([(7, NOTE)]).look(f"{OTHER} {thirteen} {OTHER}")
    assert (hit.kind, hit.length) == ("passage", 13)
    assert Known([(7, NOTE)]).look(f"{OTHER} {' '.join(NOTE.split()[3:15])} {OTHER}") == []


def test_a_citation_is_no_passage_however_many_pieces_it_has() -> None:
    cited = "One-year filing limit, O.C.G.A. § 34-9-82\nRemedies sought: "
    assert Known([(7, f"{NOTE} {cited} Weekly benefits.")]).look(f"{OTHER} {cited} Lost wages.") == []


def test_a_passage_that_many_groups_share_is_boilerplate() -> None:
    known, passages = Known([(7, f"{NOTE} {OTHER}")]), Passages()
    (hit,) = known.look(f"One thing and another. {' '.join(NOTE.split()[3:18])} And so forth it goes on.")
    for group in range(BOILERPLATE):
        passages.add(hit, str(group))
    assert passages.tells(hit)
    passages.add(hit, "one more")
    assert not passages.tells(hit)


def test_it_lets_different_texts_pass() -> None:
    assert Known([(7, OTHER)]).look(NOTE) == []
    assert Known([]).look(NOTE) == [] == Known([(7, "")]).look(NOTE)
    assert Known([(7, NOTE)]).look("") == []


def test_it_looks_past_an_instruction_that_all_prompts_share() -> None:
    instruction = " ".join(f"instruction{n}" for n in range(60))
    assert Known([(7, subject(instruction, OTHER))]).look(subject(instruction, NOTE)) == []
    assert subject("Translate.", "Good morning") == "Translate.\nGood morning"


def test_it_finds_a_prompt_inside_a_longer_text() -> None:
    letter = f"{OTHER} {NOTE.upper()} {OTHER}"
    assert kinds(Known([(7, NOTE)]).look(letter, inside=True)) == ["exact"]
    assert kinds(Known([(7, NOTE)]).look(letter.replace("SAME", "VERY"), inside=True)) == ["near"]
    assert Known([(7, "She wants the deposit")]).look(NOTE, inside=True) == []


def test_it_is_fast_for_ten_thousand_rows_with_boilerplate() -> None:
    rng = random.Random(3)
    vocabulary = [f"w{rng.randrange(10**6):x}{n}x" for n in range(3000)]
    vocabulary = ["".join(rng.choices("abcdefghij", k=7)) for _ in vocabulary]
    boilerplate = " ".join("".join(rng.choices("abcdefghij", k=7)) for _ in range(40))

    def note() -> str:
        return f"{boilerplate} {' '.join(rng.choices(vocabulary, k=120))} {boilerplate}"

    rows = [note() for _ in range(10_000)]
    known = Known([*((n, note()) for n in range(300)), (999, rows[77] + " and one more thing")], rows[:2000])
    begun = time.process_time()
    found = [(n, hit.held_out) for n, row in enumerate(rows) for hit in known.look(row) if hit.kind != "passage"]
    assert found == [(77, 999)]
    assert time.process_time() - begun < 20
