"""The side navigation of a project, in the order of the loop, for each role."""

from __future__ import annotations

from dataclasses import dataclass

from annotation.access import ADMIN, EVERYONE, SENIOR


@dataclass(frozen=True)
class Page:
    label: str
    url_name: str
    icon: str
    roles: frozenset[str]
    also: tuple[str, ...] = ()  # names of the pages below it, for which it stays the present one


@dataclass(frozen=True)
class Link:
    label: str
    url_name: str
    icon: str
    current: bool


@dataclass(frozen=True)
class Group:
    label: str
    links: list[Link]


PAGES: dict[str, tuple[Page, ...]] = {
    "Work": (
        Page("Write", "write_next", "pencil", EVERYONE, ("write",)),
        Page("Approve", "approve_next", "check", SENIOR, ("approve",)),
        Page("Swapped copies", "swapped_copy_next", "shuffle", SENIOR, ("swapped_copy",)),
        Page("Rank", "rank_next", "scale", EVERYONE, ("rank", "rank_training", "rank_explained")),
        Page("Score", "score_next", "star", EVERYONE, ("score",)),
        Page("Remarks", "remarks", "message", EVERYONE, ("discussion",)),
        Page("Flags", "flags", "alert", SENIOR),
    ),
    "Data": (
        Page("Overview", "project", "gauge", EVERYONE),
        Page("Prompts", "prompts", "list", ADMIN, ("prompt", "prompt_kinds", "who_gets_what")),
        Page("Progress", "progress", "chart", SENIOR),
        Page("Import", "import_start", "upload", ADMIN, ("import_map",)),
        Page("Corpus", "corpus", "file", ADMIN, ("document",)),
        Page("Cleaning", "cleaning", "search", EVERYONE, ("findings", "finding", "findings_decide", "glossary")),
        Page(
            "Dataset versions",
            "datasets",
            "database",
            ADMIN,
            ("dataset", "dataset_comparison", "dataset_export", "dataset_leaks", "freezing", "lineage"),
        ),
        Page("Bias", "audits", "users", ADMIN, ("audit", "bias_lists")),
        Page("Export", "export", "download", ADMIN),
    ),
    "Train": (
        Page("Rounds", "rounds", "refresh", ADMIN, ("round", "round_create", "round_suspects", "preflight")),
        Page("Sampling", "sampling_create", "shuffle", ADMIN, ("sampling",)),
        Page("Adapters", "adapters", "layers", ADMIN, ("adapter", "adapter_comparison", "adapter_lineage")),
        Page("Playground", "playground", "message", ADMIN, ("playground_result",)),
    ),
    "Judge": (
        Page("Evaluations", "evaluations", "chart", SENIOR, ("evaluation_create", "evaluation", "evaluation_outputs")),
        Page("Agreement", "agreement", "users", SENIOR),
        Page("Disagreements", "disagreements", "scale", SENIOR, ("disagreement", "decide_next", "known_answer")),
        Page("Promotion", "promotions", "rocket", SENIOR),
    ),
    "Project": (
        Page("Guidelines", "guidelines", "book", EVERYONE, ("guidelines_recheck",)),
        Page("Members", "members", "users", ADMIN, ("ranker",)),
        Page("Erase texts", "erasures", "ban", ADMIN, ("erasure",)),
        Page("Workers", "workers", "cpu", ADMIN),
        Page("Settings", "project_settings", "settings", ADMIN),
    ),
}


def groups_for(role: str, present: str | None) -> list[Group]:
    """What a member with this role may open; `present` is the URL name of the page being shown. No query."""
    groups = []
    for label, pages in PAGES.items():
        links = [
            Link(page.label, page.url_name, page.icon, current=present in (page.url_name, *page.also))
            for page in pages
            if role in page.roles
        ]
        if links:
            groups.append(Group(label, links))
    return groups
