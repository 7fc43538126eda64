"""What goes with a dataset folder: a card as the Hugging Face hub reads it, and a datasheet. Pure: no database."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


@dataclass(frozen=True)
class About:
    """What the data say of themselves. `people`: how many of each role; `left_out`: how many rows, by the reason;
    `swapped_copies`: how many rows of live data are such; `frozen`: what is known of a frozen version, in lines."""

    project: str
    kind: str
    shape: str
    made_on: str
    people: dict[str, int]
    guidelines: int
    left_out: dict[str, int] = field(default_factory=dict)
    as_written: bool = False
    swapped_copies: int = 0
    frozen: list[str] = field(default_factory=list)


def card(about: About, features: list[tuple[str, str]], splits: dict[str, int]) -> str:
    rows = sum(splits.values())
    return "\n".join([*_front_matter(rows, splits), *_body(about, features, splits, rows), *_datasheet(about, rows)])


def _front_matter(rows: int, splits: dict[str, int]) -> list[str]:
    files = [
        line for name in splits for line in (f"  - split: {name}", f"    path: data/{name}-00000-of-00001.parquet")
    ]
    size = next((name for limit, name in SIZES if rows < limit), "1M<n<10M")
    return [
        "---",
        "license: unknown",
        "task_categories:",
        "- text-generation",
        "size_categories:",
        f"- {size}",
        "tags:",
        "- preceptor",
        *(["configs:", "- config_name: default", "  data_files:", *files] if files else []),
        "---",
        "",
    ]


def _body(about: About, features: list[tuple[str, str]], splits: dict[str, int], rows: int) -> list[str]:
    return [
        f"# {_plain(about.project)}: {about.kind.lower()}",
        "",
        f"{rows:,} rows in the shape “{about.shape}”, taken out on {about.made_on}.",
        "",
        "| Split | Rows |",
        "| --- | ---: |",
        *(f"| {name} | {count:,} |" for name, count in splits.items()),
        "",
        "| Column | Type |",
        "| --- | --- |",
        *(f"| {_plain(name)} | `{kind}` |" for name, kind in features),
        "",
        *(["## Version", "", *(f"- {_plain(line)}" for line in about.frozen), ""] if about.frozen else []),
    ]


def _datasheet(about: About, rows: int) -> list[str]:
    people = ", ".join(f"{count:,} {role}{'s' if count != 1 else ''}" for role, count in about.people.items() if count)
    guided = (
        f"The project has {about.guidelines:,} version{'s' if about.guidelines != 1 else ''} of written guidelines."
        if about.guidelines
        else "The project has no written guidelines."
    )
    texts = (
        "The texts are as they were when they were frozen, with names or other personal data in them "
        if about.frozen
        else "The rows hold the texts as they were written, and names or other personal data in them "
        if about.as_written
        else "What experts have confirmed under Cleaning is replaced or left out; the rows are else as they were "
        "written, with names or other personal data in them "
    )
    copies = f" Swapped copies, which people approved: {about.swapped_copies:,}." if about.swapped_copies else ""
    left = [f"- {count:,} rows are left out: {reason}" for reason, count in sorted(about.left_out.items())]
    return [
        "## Datasheet",
        "",
        "**Collection.** Collected in Preceptor, where experts write and judge and reviewers approve. "
        + guided
        + copies,
        "",
        f"**Who annotated.** {people or 'Nobody is recorded as having annotated these rows'}. "
        "Roles are those held on the day of the export; somebody who has left the project counts as a former member. "
        "Qualifications are not recorded.",
        "",
        "**Consent and personal data.** Preceptor does not record whether the people whose texts these are have "
        f"agreed to their use. {texts}unless somebody has taken them out. Check both before you pass them on.",
        "",
        "**Limits.** The rows show what these people wrote or preferred for these prompts. Language and licence are "
        "not recorded." + (" There are no rows." if not rows else ""),
        *(["", *left] if left else []),
        "",
    ]


def _plain(text: str) -> str:
    """On one line, and nothing in it is a table's or a heading's mark."""
    return json.dumps(text, ensure_ascii=False)[1:-1].replace("|", "\\|").replace("<", "&lt;")
