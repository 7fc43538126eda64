from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

import annotation.demo
from annotation.checks.length import CutOff, count, estimate, hints_of, length_hints, measure

PROMPT = "Summarise the note for the attorney."
ANSWER = "The tenant paid $1,450 on 14 Feb 2025 and moved out. The landlord kept the deposit without a word."


@pytest.fixture(scope="module")
def tokenizer_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small byte-level vocabulary of the kind base models have."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    texts = [PROMPT, ANSWER, "The landlord and the tenant."]
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=320, initial_alphabet=alphabet))
    tokenizer.enable_truncation(5)
    path = tmp_path_factory.mktemp("base") / "tokenizer.json"
    tokenizer.save(str(path))
    return path


def test_it_counts_as_the_model_does_whatever_the_file_says_about_cutting(tokenizer_file: Path) -> None:
    plain = Tokenizer.from_file(str(tokenizer_file))
    plain.no_truncation()
    assert count(ANSWER, tokenizer_file) == len(plain.encode(ANSWER).ids) > 5
    assert count("", tokenizer_file) == 0


def test_it_adds_prompt_answer_and_what_the_chat_template_puts_around(tokenizer_file: Path) -> None:
    found = measure(PROMPT, ANSWER, CutOff(1000, tokenizer_file, around=32))
    assert found.tokens == count(PROMPT, tokenizer_file) + count(ANSWER, tokenizer_file) + 32
    assert (found.exact, found.limit, found.cut_at) == (True, 1000, None)
    assert found.share == found.tokens / 1000


def test_it_shows_the_part_that_training_would_not_see(tokenizer_file: Path) -> None:
    prompt = count(PROMPT, tokenizer_file)
    found = measure(PROMPT, ANSWER, CutOff(prompt + 10, tokenizer_file))
    assert found.cut_at is not None
    assert count(ANSWER[: found.cut_at], tokenizer_file) <= 10
    [hint] = hints_of(found, ANSWER)
    assert hint.sentence.startswith(
        f"Too long: {found.tokens:,} tokens (pieces of words) with its prompt, and training"
    )
    assert hint.sentence.endswith("words.")
    assert (hint.start, hint.end) == (found.cut_at, len(ANSWER))


def test_it_cuts_all_of_an_answer_whose_prompt_alone_is_too_long(tokenizer_file: Path) -> None:
    assert measure(PROMPT, ANSWER, CutOff(3, tokenizer_file)).cut_at == 0
    assert measure(PROMPT, ANSWER, CutOff(3)).cut_at == 0


def test_it_warns_before_it_is_full_and_is_silent_before_that(tokenizer_file: Path) -> None:
    tokens = measure(PROMPT, ANSWER, CutOff(1000, tokenizer_file)).tokens
    assert length_hints(PROMPT, ANSWER, CutOff(tokens * 2, tokenizer_file)) == []
    [hint] = length_hints(PROMPT, ANSWER, CutOff(tokens, tokenizer_file))
    assert hint.sentence.startswith("Nearly full")
    assert hint.start is None
    assert length_hints(PROMPT, " ", CutOff(1, tokenizer_file)) == []


def test_it_estimates_and_says_so_without_a_file_or_with_one_that_is_none(tmp_path: Path) -> None:
    broken = tmp_path / "tokenizer.json"
    broken.write_text("{}")
    for path in (None, tmp_path / "gone.json", broken):
        found = measure(PROMPT, ANSWER, CutOff(30, path))
        assert found.exact is False
        assert found.tokens == estimate(PROMPT) + estimate(ANSWER)
        assert estimate(ANSWER[: found.cut_at]) <= 30 - estimate(PROMPT)
        assert " about " in hints_of(found, ANSWER)[0].sentence


def test_it_reads_a_file_that_was_replaced(tokenizer_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text("not yet")
    before = measure("", ANSWER, CutOff(1000, path))
    path.write_bytes(tokenizer_file.read_bytes())
    after = measure("", ANSWER, CutOff(1000, path))
    assert (before.exact, after.exact) == (False, True)


def test_the_estimate_is_as_near_as_it_says() -> None:
    """What the default base model's tokenizer counts in the demo's texts, written down once: see the file."""
    counted = json.loads((Path(__file__).parent / "demo_tokens.json").read_text())
    rows = {}
    for path in sorted((Path(annotation.demo.__path__[0]) / "client_intake").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if "output" in row:
                rows[row["id"]] = estimate(row["input"]) + estimate(row["output"])
    errors = sorted(abs(rows[key] / tokens - 1) for key, tokens in counted.items())
    assert len(errors) == 216
    assert sum(errors) / len(errors) < 0.03
    assert errors[int(0.95 * len(errors))] < 0.06
    assert errors[-1] <= 0.08


def test_counting_imports_no_model_library(tokenizer_file: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from annotation.checks import Rules, CutOff, check;"
        "before = set(sys.modules);"
        f"check('a word', Rules(cut_off=CutOff(10, Path({str(tokenizer_file)!r}))));"
        "print(sorted({'torch', 'transformers', 'numpy', 'tokenizers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['tokenizers']"
