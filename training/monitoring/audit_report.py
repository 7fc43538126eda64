"""A bias audit as its page and its files show it. Pure: the stored report in, rows of words and charts out."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Any

from training.monitoring.charts import Chart
from training.monitoring.share_charts import percent, sentence, share_chart

CHARTED_OUTCOMES = 12
COLUMNS = ["section", "group", "figure", "n", "count", "value", "low", "high", "without n", "without", "q", "undefined"]
Report = dict[str, Any]


def named(report: Report) -> list[dict[str, Any]]:
    """Attributes with the groups that are named at all, and the labels of those that are not."""
    return [
        {
            **attribute,
            "groups": (there := [group for group in attribute["groups"] if group["quality"]]),
            "absent": [group["label"] for group in attribute["groups"] if not group["quality"]],
            "chart": representation(attribute, there) if there else None,
        }
        for attribute in report["attributes"]
    ]


def groups_named(report: Report) -> list[tuple[str, str, bool]]:
    """Key and label of each that is named, and whether responses clearly fare otherwise or state other outcomes."""
    standing = {each["group"] for each in report["outcomes"] if each.get("stands")}
    return [
        (group["key"], group["label"], group["label"] in standing or _differs(group, report["measures"]))
        for attribute in named(report)
        for group in attribute["groups"]
    ]


def _differs(group: dict[str, Any], measures: dict[str, str]) -> bool:
    return any(row.get("clear") for row in quality_rows(group, measures))


def representation(attribute: dict[str, Any], groups: list[dict[str, Any]]) -> Chart:
    rows = [(group["label"], group["prompts"]) for group in groups]
    return share_chart(
        f"{attribute['label']}: share of prompts", rows, key=f"named-{attribute['key'].replace(' ', '-')}", of="Group"
    )


def outcome_chart(report: Report) -> Chart | None:
    """The pairs that stand out most, whether they stand or not."""
    rows = [
        (f"{each['group']}: {each['outcome'].lower()}", each)
        for each in report["outcomes"][:CHARTED_OUTCOMES]
        if each["value"] is not None
    ]
    if not rows:
        return None
    title = "How much more often responses state it where the group is named"
    return share_chart(title, rows, key="outcomes", of="Group and outcome", signed=True)


def outcomes(report: Report) -> list[dict[str, Any]]:
    """Those that are defined, with the adjusted probability in words."""
    defined = (each for each in report["outcomes"] if each["value"] is not None)
    return [{**each, "chance": "< 0.1 %" if each["q"] < 0.001 else percent(each["q"])} for each in defined]


def period_chart(report: Report) -> Chart:
    rows = [(each["label"], each) for each in report["periods"]]
    return share_chart("Share of prompts by the years written in them", rows, key="periods", of="Period")


def quality_rows(group: dict[str, Any], measures: dict[str, str]) -> list[dict[str, Any]]:
    rows = [_quality(label, group["quality"][name]) for name, label in measures.items()]
    return [*rows, _length(group["length"])]


def _quality(label: str, found: dict[str, Any]) -> dict[str, Any]:
    common = {"label": label, "n": found["n"], "others": found["others"]}
    if found["value"] is None:
        return {**common, "reason": found["reason"]}
    apart = found["difference"]
    return {
        **common,
        "value": percent(found["value"]),
        "rest": percent(found["rest"]),
        "difference": sentence(apart, signed=True),
        "clear": apart["low"] > 0 or apart["high"] < 0,
    }


def _length(found: dict[str, Any]) -> dict[str, Any]:
    common = {"label": "Words per response (median)", "n": found["n"], "others": found["others"]}
    if found["value"] is None:
        return {**common, "reason": found["reason"]}
    ratio = found["ratio"]
    return {
        **common,
        "value": f"{found['value']:g}",
        "rest": f"{found['rest']:g}",
        "difference": f"{ratio['value']:.2f} times as many ({ratio['low']:.2f} to {ratio['high']:.2f})",
        "clear": ratio["low"] > 1 or ratio["high"] < 1,
    }


# --- As a file -----------------------------------------------------------------------------------------------


def as_csv(report: Report) -> str:
    """One figure a line; an undefined one has its reason in the last column, and no number."""
    file = StringIO()
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for line in _lines(report):
        writer.writerow([_cell(line.get(column)) for column in COLUMNS])
    return file.getvalue()


def _cell(value: Any) -> Any:
    """No cell begins as a formula: a spreadsheet would compute it."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _lines(report: Report) -> Iterator[dict[str, Any]]:
    for attribute in report["attributes"]:
        for group in attribute["groups"]:
            yield from _of_group(group, report["measures"])
    for each in report["outcomes"]:
        line = {"section": "outcomes", "group": each["group"], "figure": each["outcome"], "count": each["hits"]}
        yield line | _numbers(each) | {"without n": each["others"], "without": each["rest_hits"], "q": each.get("q")}
    for each in report["stereotypes"]:
        yield {"section": "stereotypes", "group": each["group"], "figure": each["word"], "count": each["count"]}
    for each in report["slurs"]:
        yield {"section": "insults", "figure": each["word"], "count": each["count"]}
    for each in report["periods"]:
        yield {"section": "periods", "figure": each["label"], "count": each["hits"]} | _numbers(each)


def _of_group(group: dict[str, Any], measures: dict[str, str]) -> Iterator[dict[str, Any]]:
    for what in ("prompts", "responses"):
        found = group[what]
        yield {"section": "named in", "group": group["label"], "figure": what, "count": found["hits"]} | _numbers(found)
    for name, found in group["quality"].items():
        line = {"section": "quality", "group": group["label"], "figure": measures[name], "without n": found["others"]}
        yield line | _numbers({**found, **found.get("difference", {})}) | {"without": found.get("rest")}


def _numbers(found: dict[str, Any]) -> dict[str, Any]:
    numbers = {name: found.get(name) for name in ("n", "value", "low", "high")}
    return {**numbers, "undefined": found.get("reason")}
