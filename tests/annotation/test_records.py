from __future__ import annotations

import contextlib
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.imports.files import columns_of, format_of, read_rows, samples
from annotation.imports.records import PRIORITIES, Mapping, Record, guess_columns, read_records
from annotation.imports.rows import Problem, Row, Unreadable
from annotation.models import Priority

PLAIN = Mapping({"instruction": "instruction", "input": "input", "response": "output", "external_id": "id"})


def jsonl(*lines: Any) -> io.BytesIO:
    texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    return io.BytesIO("\n".join(texts).encode())


def csv(text: str) -> io.BytesIO:
    return io.BytesIO(text.encode())


def only(file: io.BytesIO, format: str = "jsonl", mapping: Mapping = PLAIN) -> Record | Problem:
    found = list(read_records(read_rows(file, format), mapping))
    assert len(found) == 1
    return found[0]


def reason(file: io.BytesIO, format: str = "jsonl", mapping: Mapping = PLAIN) -> str:
    found = only(file, format, mapping)
    assert isinstance(found, Problem)
    return found.reason


# --- JSON Lines ---------------------------------------------------------------------------------------------


def test_it_reads_an_object_per_line_and_counts_blank_lines() -> None:
    file = jsonl({"instruction": "Sum up.", "output": "Short."}, "", {"instruction": "Again."})
    found = list(read_records(read_rows(file, "jsonl"), PLAIN))
    assert found == [Record(1, "Sum up.", response="Short."), Record(3, "Again.")]


def test_it_takes_a_byte_order_mark() -> None:
    file = io.BytesIO(b'\xef\xbb\xbf{"instruction": "Hi"}\n')
    assert only(file) == Record(1, "Hi")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("not json", "not valid JSON"),
        ("17", "not a JSON object"),
        ('{"instruction": NaN}', "NaN is not a value"),
        ('{"instruction": Infinity}', "Infinity is not a value"),
        ('{"instruction": 1e999}', "too large"),
        ('{"instruction": ' + "9" * 5000 + "}", "too many digits"),
        ('{"instruction": "a\\u0000b"}', "NUL"),
        ('{"instruction": "a\\ud800b"}', "surrogate"),
        ('{"other": {"deep": "\\ud800"}, "instruction": "a"}', "surrogate"),
        ('{"\\udfff": 1, "instruction": "a"}', "surrogate"),
        ('{"instruction": "a", "instruction": "b"}', "occurs twice"),
        ('{"instruction": ' + "[" * 70 + "]" * 70 + "}", "nested"),
        ('{"instruction": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested"),
        ('{"instruction": ' + '{"a":' * 40_000 + "1" + "}" * 40_000 + "}", "nested"),
        ('{"instruction": "' + "a" * 200_001 + '"}', "longer than 200,000"),
        ('{"instruction": 17}', "a number, not a text"),
        ('{"instruction": true}', "true or false, not a text"),
        ('{"instruction": {"a": 1}}', "an object, not a text"),
        ('{"instruction": ""}', "instruction is empty"),
        ("{}", "instruction is empty"),
        ('{"instruction": "a", "id": "' + "i" * 201 + '"}', "longer than 200"),
        ('{"instruction": "a", "id": [1]}', "a list, not a text"),
        ('{"instruction": "a", "output": []}', "not a list of messages"),
    ],
)
def test_it_says_what_is_wrong_with_a_line(line: str, words: str) -> None:
    assert words in reason(io.BytesIO(line.encode()))


ORDERED = Mapping({"instruction": "q", "priority": "priority", "answers_needed": "overlap"})


@pytest.mark.parametrize(
    ("priority", "overlap", "found"),
    [
        ("soon", 3, (1, 3)),
        (" First ", "9", (2, 9)),
        ("-1", 1, (-1, 1)),
        (0, None, (0, None)),
        ("", " ", (None, None)),
        (None, None, (None, None)),
    ],
)
def test_it_reads_when_a_prompt_comes_and_how_many_answers_it_needs(priority: Any, overlap: Any, found: Any) -> None:
    record = only(jsonl({"q": "a", "priority": priority, "overlap": overlap}), mapping=ORDERED)
    assert isinstance(record, Record)
    assert (record.priority, record.answers_needed) == found


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("priority", "urgent", "The priority “urgent” is not one of later, usual, soon, first (or -1 to 2)."),
        ("priority", 3, "The priority 3 is not"),
        ("priority", True, "The priority (true or false) is not"),
        ("priority", 0.5, "The priority 0.5 is not"),
        ("priority", ["soon"], "The priority (a list) is not"),
        ("overlap", 0, "The number of answers 0 is not a whole number from 1 to 9."),
        ("overlap", "10", "The number of answers “10” is not"),
        ("overlap", "two", "The number of answers “two” is not"),
        ("overlap", 1.5, "The number of answers 1.5 is not"),
        ("overlap", {}, "The number of answers (an object) is not"),
        ("overlap", "9" * 5000, "is not a whole number"),
        ("overlap", "²", "is not a whole number"),
    ],
)
def test_it_says_which_priority_or_number_it_does_not_know(field: str, value: Any, words: str) -> None:
    assert words in reason(jsonl({"q": "a", field: value}), mapping=ORDERED)


def test_it_knows_the_priorities_that_prompts_have() -> None:
    assert {name.lower(): value for value, name in Priority.choices} == PRIORITIES


def test_it_goes_on_after_a_bad_line_and_after_one_that_is_too_long() -> None:
    long = json.dumps({"instruction": "x" * 1_100_000})
    found = list(read_records(read_rows(jsonl("no", long, {"instruction": "fine"}), "jsonl"), PLAIN))
    assert [(one.line, type(one)) for one in found] == [(1, Problem), (2, Problem), (3, Record)]
    assert "longer than 1 MB" in found[1].reason  # type: ignore[union-attr]


def test_it_names_a_line_that_is_not_utf8() -> None:
    file = io.BytesIO(b'{"instruction": "ok"}\n{"instruction": "M\xfcller"}\n')
    found = list(read_rows(file, "jsonl"))
    assert isinstance(found[0], Row)
    assert found[1] == Problem(2, "The line is not UTF-8 text.")


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (b"\xff\xfe{\x00", "UTF-16"),
        (b"PK\x03\x04rest", "Excel"),
        (b"\x1f\x8b\x08\x00", "gzip"),
    ],
)
def test_it_refuses_a_file_of_another_kind_with_advice(start: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        list(read_rows(io.BytesIO(start), "jsonl"))


# --- CSV ----------------------------------------------------------------------------------------------------


def test_it_reads_quoted_cells_with_line_breaks_and_tells_the_line_a_record_starts_on() -> None:
    file = csv('id,instruction,output\n1,"Sum\r\nup","He said ""no"""\n\n2,Again,\n')
    found = list(read_records(read_rows(file, "csv"), PLAIN))
    assert found == [
        Record(2, "Sum\nup", response='He said "no"', external_id="1"),
        Record(5, "Again", external_id="2"),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_it_finds_the_delimiter(delimiter: str) -> None:
    file = csv(delimiter.join(["id", "instruction"]) + "\n" + delimiter.join(["1", "Hi"]))
    assert only(file, "csv") == Record(2, "Hi", external_id="1")


def test_it_refuses_a_row_of_another_width_and_keeps_the_rest() -> None:
    found = list(read_rows(csv("id,instruction\n1\n2,b\n3,c,d\n"), "csv"))
    assert [type(one) for one in found] == [Problem, Row, Problem]
    assert found[2] == Problem(4, "The line has 3 cells, the first line names 2 columns.")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('id,instruction\n1,"never closed\n', "quotes do not match"),
        ('id,instruction\n1,"a"b\n', "quotes do not match"),
        ("id,id\n1,2\n", "Two columns are called"),
        ('id,instruction\n1,"' + "x\n" * 600_000 + '"\n', "its quote is not closed"),
    ],
)
def test_it_stops_where_going_on_would_guess(text: str, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        list(read_rows(csv(text), "csv"))


def test_it_names_the_line_where_a_csv_file_is_not_utf8() -> None:
    with pytest.raises(Unreadable, match=r"Line 2 .*CSV UTF-8"):
        list(read_rows(io.BytesIO("id,instruction\n1,Müller\n".encode("latin-1")), "csv"))


def test_it_refuses_nul_and_huge_cells_in_csv() -> None:
    file = csv("id,instruction\n1,a\x00b\n2," + "x" * 200_001 + "\n3,c\n")
    found = list(read_rows(file, "csv"))
    assert ["NUL" in found[0].reason, "longer" in found[1].reason, isinstance(found[2], Row)] == [True] * 3


def test_it_names_unnamed_columns() -> None:
    assert columns_of(samples(csv("id,,b\n1,2,3\n"), "csv")) == ["id", "column 2", "b"]


# --- Shapes -------------------------------------------------------------------------------------------------

PROMPT = Mapping({"instruction": "prompt", "response": "completion"})
TALK = Mapping({"conversation": "messages"})
USER, SYSTEM, SAID = ({"role": role, "content": role} for role in ("user", "system", "assistant"))


def test_it_reads_trl_prompt_completion() -> None:
    assert only(jsonl({"prompt": [USER], "completion": [SAID]}), mapping=PROMPT) == Record(
        1, "user", response="assistant"
    )


def test_it_takes_a_system_message_as_the_instruction() -> None:
    assert only(jsonl({"prompt": [SYSTEM, USER], "completion": [SAID]}), mapping=PROMPT) == Record(
        1, "system", input="user", response="assistant"
    )


def test_it_reads_conversations_of_both_shapes() -> None:
    shared = [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "A"}]
    assert only(jsonl({"messages": [USER, SAID]}), mapping=TALK) == Record(1, "user", response="assistant")
    assert only(jsonl({"messages": shared}), mapping=TALK) == Record(1, "Q", response="A")


def test_it_keeps_what_was_said_before_the_last_question() -> None:
    earlier = (("user", "user"), ("assistant", "assistant"))
    talk = jsonl({"messages": [USER, SAID, USER, SAID]})
    assert only(talk, mapping=TALK) == Record(1, "user", response="assistant", history=earlier)
    talk = jsonl({"messages": [SYSTEM, USER, SAID, USER, SAID]})
    assert only(talk, mapping=TALK) == Record(1, "system", input="user", response="assistant", history=earlier)
    columns = Mapping({"instruction": "prompt", "history": "history"})
    assert only(jsonl({"prompt": "user", "history": [USER, SAID]}), mapping=columns) == Record(
        1, "user", history=earlier
    )


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([USER], "does not end with the assistant"),
        ([USER, USER, SAID], "take turns"),
        ([USER, SYSTEM, USER, SAID], "take turns"),
        ([SAID, USER, SAID], "take turns"),
        ([{"role": "user", "content": " "}, SAID, USER, SAID], "is empty"),
        ([SAID, SAID], "ends with the user"),
        ([], "not a list of messages"),
        ("text", "not a list of messages"),
        ([{"role": "tool", "content": "x"}, SAID], "no role that is known"),
        ([{"role": ["user"], "content": "x"}, SAID], "no role that is known"),
        ([USER, {"role": "assistant", "content": [{"type": "image"}]}], "has no text"),
        (["hello", "you"], "not an object with a role"),
    ],
)
def test_it_refuses_conversations_it_cannot_teach_with(messages: Any, words: str) -> None:
    assert words in reason(jsonl({"messages": messages}), mapping=TALK)


def test_it_uses_the_instruction_for_all_where_a_record_brings_none() -> None:
    mapping = Mapping({"input": "input"}, "Sum up.")
    assert only(jsonl({"input": "A note."}), mapping=mapping) == Record(1, "Sum up.", input="A note.")
    assert reason(jsonl({"input": " "}), mapping=mapping) == "The input is empty."


def test_it_knows_splits_by_their_usual_names() -> None:
    mapping = Mapping({"instruction": "q", "split": "split"})
    lines = [{"q": str(number), "split": name} for number, name in enumerate(["train", "Dev", "TEST", "eval"])]
    found = [one.split for one in read_records(read_rows(jsonl(*lines), "jsonl"), mapping) if isinstance(one, Record)]
    assert found == ["train", "validation", "evaluation", "evaluation"]
    assert "not train, validation or evaluation" in reason(jsonl({"q": "x", "split": "some"}), mapping=mapping)


def test_it_refuses_an_id_twice_and_a_group_on_two_sides() -> None:
    mapping = Mapping({"instruction": "q", "external_id": "id", "group": "g", "split": "s"})
    file = jsonl(
        {"q": "a", "id": 1, "g": "one", "s": "train"},
        {"q": "b", "id": "1", "g": "two", "s": "train"},
        {"q": "c", "id": 3, "g": "one", "s": "test"},
    )
    found = list(read_records(read_rows(file, "jsonl"), mapping))
    assert isinstance(found[0], Record)
    assert found[1] == Problem(2, "The id “1” is the same as on line 1.")
    assert "is train on line 1 and evaluation here" in found[2].reason  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("columns", "guess"),
    [
        (["id", "group", "task_type", "input", "output"], {"input": "input", "response": "output", "group": "group"}),
        (["prompt", "completion"], {"instruction": "prompt", "response": "completion"}),
        (["messages", "prompt"], {"conversation": "messages"}),
        (["Question", "Answer"], {"instruction": "Question", "response": "Answer"}),
    ],
)
def test_it_guesses_columns_by_their_names(columns: list[str], guess: dict[str, str]) -> None:
    found = guess_columns(columns)
    assert found.items() >= guess.items()
    assert len(set(found.values())) == len(found)


def test_it_tells_formats_by_ending() -> None:
    found = {name: format_of(name, csv("a\tb\n")) for name in ("a.JSONL", "b.csv", "c.xlsx", "d", "e.md", "f.parquet")}
    assert [*found.values()] == ["jsonl", "tsv", None, None, "text", "parquet"]


# --- Whatever comes in --------------------------------------------------------------------------------------


@given(st.binary(max_size=400), st.sampled_from(["jsonl", "csv"]))
def test_it_never_breaks_on_any_bytes(content: bytes, format: str) -> None:
    with contextlib.suppress(Unreadable):
        for item in read_records(read_rows(io.BytesIO(content), format), Mapping({}, "Say something.")):
            assert isinstance(item, Record | Problem)


@given(st.recursive(st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(), st.lists, max_leaves=8))
def test_it_takes_or_refuses_any_value_with_a_sentence(value: Any) -> None:
    line = json.dumps({"instruction": value, "output": value, "id": value})
    found = list(read_records(read_rows(io.BytesIO(line.encode()), "jsonl"), PLAIN))
    assert len(found) == 1
    assert isinstance(found[0], Record) or found[0].reason.endswith(".")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"), min_size=1), max_size=8))
def test_it_brings_every_text_through_unchanged(texts: list[str]) -> None:
    file = io.BytesIO("\n".join(json.dumps({"instruction": f"[{text}]"}) for text in texts).encode())
    found = [one.instruction for one in read_records(read_rows(file, "jsonl"), PLAIN) if isinstance(one, Record)]
    assert found == [f"[{text}]" for text in texts]


def test_it_refuses_more_fields_than_anybody_names_without_counting_each_against_each() -> None:
    many = [f"c{number}" for number in range(60_000)]
    with pytest.raises(Unreadable, match="60,000 columns"):
        list(read_rows(csv(",".join(many)), "csv"))
    repeated = ",".join(f'"{name}":1' for name in [*many, many[-1]])
    assert "occurs twice" in reason(jsonl("{" + repeated + "}"))
    assert "60,000 fields" in reason(jsonl(dict.fromkeys(many, 1)))
    with pytest.raises(Unreadable, match="1,200 fields"):
        columns_of(samples(jsonl(dict.fromkeys(many[:600]), dict.fromkeys(many[600:1200])), "jsonl"))
