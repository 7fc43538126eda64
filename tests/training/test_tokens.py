"""A base model's own count of tokens, lent to those who write."""

from __future__ import annotations

import json

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from annotation import model_side
from annotation.checks import length
from training import tokens
from training.models import BaseModel

pytestmark = pytest.mark.django_db


def test_it_is_lent_and_estimates_without_a_base_model() -> None:
    assert model_side.tokens() is None


def test_it_counts_with_the_default_models_tokenizer_and_what_its_template_adds(base_model: BaseModel) -> None:
    assert tokens.of_default_model() is None, "a folder without a tokenizer"
    folder = base_model.directory
    vocabulary = {word: number for number, word in enumerate(["?", "<s>", "user", "assistant", "one", "two"])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"bos_token": "<s>"}))
    (folder / "chat_template.jinja").write_text(
        "{{ bos_token }} {% for message in messages %}{{ message.role }} {{ message.content }} {% endfor %}"
    )
    lent = model_side.tokens()
    assert lent == model_side.Tokens(folder / "tokenizer.json", 3)
    meter = length.measure("one two", "two one two", length.CutOff(64, lent.tokenizer, lent.around))
    assert (meter.tokens, meter.exact) == (8, True)


def test_it_takes_a_usual_number_for_a_template_it_cannot_read(base_model: BaseModel) -> None:
    (base_model.directory / "tokenizer.json").write_text("{}")
    (base_model.directory / "chat_template.jinja").write_text("{% broken")
    assert tokens.of_default_model() == model_side.Tokens(base_model.directory / "tokenizer.json", tokens.AROUND)
