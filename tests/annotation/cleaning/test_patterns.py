from __future__ import annotations

import pickle
import re
import time
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.cleaning import BadPattern, own_pattern

SAFE = [
    r"CL-\d+",
    r"[A-Z]{2,3}-\d{4,8}",
    r"\bMatter (?:No\. )?\d{2}/\d{3}\b",
    r"(?<=#)\w{4,12}",
    r"[\]\-+*]x",
    r"a\+b+",
]
UNSAFE = [
    r"(a+)+$", r"(a|a)*b", r"(a|ab)*c", r"(\w+\s?)*:", r"a*a*a*a*b", r"(.*)(.*)(.*)x", r"(x+x+)+y", r"(?:a?){40}a{40}",
    r"([a-z]+)*\d", r"\w+\w+\w+\w+@", r"(a{1,50}){1,50}",
]  # fmt: skip
UNREADABLE = [r"(", r"[a", r"*", r"(a)\1", r"(?i)abc", r"a{2001}", "", "a" * 300, r"a*", r"(?P<x>a)(?P=x)", r"x?"]


@pytest.mark.parametrize("expression", SAFE)
def test_it_takes_what_people_need(expression: str) -> None:
    text = "CL-4711 and AB-12345, Matter No. 12/345, #abc9 ]x aab a+bb"
    pattern = own_pattern("one", expression)
    assert [text[a:b] for a, b in pattern.spans(text)] == [m[0] for m in re.finditer(expression, text)]
    assert pickle.loads(pickle.dumps(pattern)) == pattern


@pytest.mark.parametrize("expression", UNSAFE)
def test_it_refuses_what_could_take_for_ever(expression: str) -> None:
    with pytest.raises(BadPattern, match="very long"):
        own_pattern("one", expression)


@pytest.mark.parametrize("expression", UNREADABLE)
def test_it_refuses_what_it_cannot_use_in_a_sentence(expression: str) -> None:
    with pytest.raises(BadPattern) as refused:
        own_pattern("one", expression)
    assert str(refused.value).endswith(".")


@given(st.text(st.sampled_from(list("ab+*?{}2,()|[]\\dw.^$-")), max_size=14), st.sampled_from(["ab", "a", "1b", "aab"]))
@settings(max_examples=300, deadline=None)
def test_what_it_takes_is_fast_on_what_is_made_to_be_slow(expression: str, piece: str) -> None:
    warnings.simplefilter("ignore", FutureWarning)
    try:
        pattern = own_pattern("one", expression)
    except BadPattern:
        return
    started = time.process_time()
    list(pattern.spans(piece * 2_000 + "!"))
    assert time.process_time() - started < 5
