"""What can be taken out, in which shapes and which files. Pure: no database, no HTTP."""

from __future__ import annotations

from annotation.shapes import SHAPES

KINDS = {
    "demonstrations": "Demonstrations",
    "preferences": "Preference pairs",
    "rankings": "Rankings",
    "prompts": "Prompts",
}
FROZEN_KINDS = {
    "demonstrations": "Demonstrations",
    "preferences": "Preference pairs",
    "judgements": "Judgements",
    "corpus": "Corpus",
}
PARTS = {"": "All rows", "train": "Rows to learn from", "validation": "Rows to check with"}
FROZEN = "frozen"  # of a version: the rows as a round reads them
DETAILS = "details"  # of rankings: every judgement in a row of its own, with all that was recorded of it
FORMATS = {
    "jsonl": "JSON Lines",
    "csv": "CSV",
    "csv_spreadsheet": "CSV for spreadsheets",
    "parquet": "Parquet",
    "hugging_face": "Hugging Face dataset folder (zip)",
}
FORMAT_NAMES = list(FORMATS)
ENDINGS = {
    "jsonl": ".jsonl",
    "csv": ".csv",
    "csv_spreadsheet": "-for-spreadsheets.csv",
    "parquet": ".parquet",
    "hugging_face": "-hugging-face.zip",
}
PROMPT_SHAPES = tuple(name for name, shape in SHAPES.items() if shape.holds == "prompts")
_FIRST = {"demonstrations": "trl_prompt_completion", "preferences": "trl_preference", "prompts": "plain"}
_PAIRS = (
    "trl_preference",
    "trl_preference_text",
    "trl_preference_implicit",
    "openai_preference",
    "label_studio_pairwise",
    "argilla_ranking",
    "kiln",
    "candidates",
)
_OF_FROZEN = {"demonstrations": PROMPT_SHAPES, "preferences": _PAIRS, "judgements": ("trl_unpaired",), "corpus": ()}
_RANKINGS = ("candidates", "argilla_ranking", "label_studio_ranker", "label_studio_pairwise")
_TABLES = frozenset({"messages", "sharegpt", "alpaca", "plain"})


def shapes_of(kind: str) -> dict[str, str]:
    """Name and title, the usual one first."""
    if kind == "rankings":
        return {DETAILS: title_of(DETAILS)} | {name: SHAPES[name].title for name in _RANKINGS}
    found = _PAIRS if kind == "preferences" else PROMPT_SHAPES
    first = _FIRST[kind]
    return {name: SHAPES[name].title for name in (first, *(name for name in found if name != first))}


def shapes_of_frozen(kind: str) -> dict[str, str]:
    return {FROZEN: title_of(FROZEN)} | {name: SHAPES[name].title for name in _OF_FROZEN[kind]}


def title_of(shape: str) -> str:
    """For people."""
    own = {DETAILS: "Every judgement in full", FROZEN: "As a training round reads them"}
    return own[shape] if shape in own else SHAPES[shape].title


def formats_of(shape: str) -> list[str]:
    """A table has room for rows whose columns are alike, and a CSV file only for texts in them."""
    if shape == DETAILS:
        return ["jsonl"]
    if shape == FROZEN:
        return ["jsonl", "parquet", "hugging_face"]
    known = SHAPES[shape]
    tables = ["parquet", "hugging_face"] if known.trains or shape in _TABLES else []
    return ["jsonl", *(["csv", "csv_spreadsheet"] if known.flat else []), *tables]


def problem_with(kind: str, shape: str, format: str) -> str:
    """Why these do not go together; empty where they do."""
    if problem := _problem(KINDS[kind], shapes_of(kind), shape, format):
        return problem
    if format == "hugging_face" and _hides_its_part(shape):
        return "Rows of this shape do not say which of them are held out, or to check with. Choose another shape."
    return ""


def problem_with_frozen(kind: str, shape: str, format: str, part: str) -> str:
    if problem := _problem(FROZEN_KINDS[kind], shapes_of_frozen(kind), shape, format):
        return problem
    if format == "hugging_face" and not part and _hides_its_part(shape):
        return "Rows of this shape do not say which of them are to check with. Choose one part, or another shape."
    return ""


def _hides_its_part(shape: str) -> bool:
    """In a folder with a file for each, all of its rows would be in one."""
    return shape in SHAPES and "split" not in SHAPES[shape].carries


def _problem(what: str, shapes: dict[str, str], shape: str, format: str) -> str:
    if shape not in shapes:
        return f"{what} cannot be written in this shape. Choose one of: {', '.join(shapes)}."
    if format not in formats_of(shape):
        return f"This shape does not fit into this kind of file. Choose one of: {', '.join(formats_of(shape))}."
    return ""
