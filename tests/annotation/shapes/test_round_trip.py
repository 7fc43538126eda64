from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation import shapes
from annotation.imports.records import Record
from tests.annotation.shapes.items import items, records


@pytest.mark.parametrize("shape", list(shapes.SHAPES))
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_what_is_written_is_read_again(shape: str, data: st.DataObject) -> None:
    item = data.draw(items(shape))
    written = json.loads(json.dumps(shapes.write(shape, item)))
    assert item in shapes.read(shape, written, 7)


@pytest.mark.parametrize("shape", [name for name in shapes.SHAPES if name not in ("openai_chat", "messages")])
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_what_is_written_is_recognised(shape: str, data: st.DataObject) -> None:
    item = data.draw(items(shape))
    if isinstance(item, Record) or item.judgements:
        assert shapes.detect([shapes.write(shape, item)]) == shape


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_run_of_kiln_is_a_response_and_may_be_a_rating(data: st.DataObject) -> None:
    record = data.draw(records("kiln"))
    assert shapes.read("kiln", shapes.write("kiln", record), 7) == [record]
    rated = shapes.Ranked(7, "q", (shapes.Candidate("a"),), (shapes.Judgement(ratings=(2.0,)),))
    assert shapes.read("kiln", shapes.write("kiln", rated), 7) == [Record(7, "q"), rated]


@pytest.mark.parametrize("shape", list(shapes.SHAPES))
@settings(max_examples=15, deadline=None)
@given(
    data=st.data(),
    nonsense=st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
        max_leaves=6,
    ),
)
def test_nonsense_in_a_field_is_read_or_refused(shape: str, data: st.DataObject, nonsense: object) -> None:
    written = shapes.write(shape, data.draw(items(shape)))
    written[data.draw(st.sampled_from(sorted(written)))] = nonsense
    shapes.detect([written])
    with suppress(shapes.Refused):
        shapes.read(shape, written, 7)
