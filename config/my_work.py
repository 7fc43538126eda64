"""What waits for one person, over all their projects, in a handful of queries however many projects there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User

from annotation.access import ADMIN, SENIOR
from annotation.models import Membership, Project, Role
from config.counts import Counts, alarms_in, counts_of
from training.jobs import Status
from training.models import TrainingRound


@dataclass(frozen=True)
class Waiting:
    """One line: how many of what, and the page that takes the person to the next of them.

    `some` in place of the number, where it must not be watched.
    """

    count: int
    words: str
    note: str
    url_name: str
    action: str
    some: bool = False

    @property
    def number(self) -> str:
        return "Some" if self.some else str(self.count)


@dataclass(frozen=True)
class ProjectWork:
    project: Project
    role: str
    waiting: list[Waiting]
    rounds: list[TrainingRound] = field(default_factory=list)
    reason: str = ""
    to_import: bool = False

    @property
    def role_label(self) -> str:
        return Role(self.role).label


def my_work(user: User) -> list[ProjectWork]:
    """The person's projects; those where something waits come first."""
    memberships = list(Membership.objects.filter(user=user).select_related("project").order_by("project__name"))
    if not memberships:
        return []
    counts = counts_of([membership.project_id for membership in memberships], user)
    for project, raised in alarms_in([m.project_id for m in memberships if m.role in ADMIN]).items():
        counts[project]["alarms"] = raised
    rounds = _rounds([m.project_id for m in memberships if m.role in ADMIN])
    work = [
        work_in(each.project, each.role, counts[each.project_id], rounds.get(each.project_id, []))
        for each in memberships
    ]
    return sorted(work, key=lambda each: not (each.waiting or each.rounds))


def work_in(project: Project, role: str, counts: Counts, rounds: Iterable[TrainingRound] = ()) -> ProjectWork:
    waiting = _waiting(counts, role, project.checks_unannounced)
    return ProjectWork(
        project=project,
        role=role,
        waiting=waiting,
        rounds=list(rounds),
        reason="" if waiting else _why_nothing(counts, role),
        to_import=role in ADMIN and not counts["teaching"],
    )


def _rounds(projects: Iterable[UUID]) -> dict[UUID, list[TrainingRound]]:
    found: dict[UUID, list[TrainingRound]] = {}
    going: Iterable[Any] = TrainingRound.objects.filter(
        project_id__in=list(projects), status__in=[Status.QUEUED, Status.RUNNING]
    )
    for each in going:
        found.setdefault(each.project_id, []).append(each)
    return found


# --- In words -----------------------------------------------------------------------------------------------


def _waiting(counts: Counts, role: str, unannounced: bool) -> list[Waiting]:
    lines = [
        Waiting(
            counts["alarms"] if role in ADMIN else 0,
            "people to look into" if counts["alarms"] > 1 else "person to look into",
            "Their rankings follow the place on the page, not the text.",
            "members",
            "Look",
        ),
        Waiting(
            counts["my_returned"],
            "returned to you",
            "A reviewer asks for a change.",
            "write_next",
            "Revise",
        ),
        Waiting(counts["my_remarks"], "new remarks", "Others have answered you.", "remarks", "Read"),
        Waiting(
            counts["my_rechecks"],
            "to re-check",
            "Is your work still right under the new guidelines?",
            "recheck_next",
            "Re-check",
        ),
        Waiting(
            counts["my_second_looks"],
            "to look at again",
            "Approved responses that may be wrong.",
            "second_look_next",
            "Look",
        ),
        Waiting(
            counts["my_doubts"] if role in SENIOR else 0,
            "to decide again",
            "Comparisons whose answer may be wrong.",
            "decide_next",
            "Decide",
        ),
        Waiting(
            counts["swapped_copies"] if role in SENIOR else 0,
            "swapped copies to decide",
            "Copies of approved responses with the people exchanged.",
            "swapped_copy_next",
            "Decide",
        ),
        Waiting(counts["my_to_write"], "to write", "Prompts that lack a response.", "write_next", "Write"),
        Waiting(
            _to_approve(counts) if role in SENIOR else 0,
            "to approve",
            "Responses by others that wait for a reviewer.",
            "approve_next",
            "Approve",
        ),
        Waiting(counts["my_to_rank"], "to rank", "Which answer is better?", "rank_next", "Rank", unannounced),
        Waiting(
            counts["my_to_score"],
            "to score",
            "Answers to judge without knowing what wrote them.",
            "score_next",
            "Score",
        ),
        Waiting(
            counts["flags"] if role in SENIOR else 0, "flagged", "Somebody found something wrong.", "flags", "Look"
        ),
    ]
    return [line for line in lines if line.count]


def _to_approve(counts: Counts) -> int:
    """The three are not read at the same moment."""
    return max(counts["submitted"] - counts["my_submitted"] - counts["my_kept_from_approving"], 0)


def _why_nothing(counts: Counts, role: str) -> str:
    if not counts["teaching"]:
        who = "Import some to begin." if role in ADMIN else "An admin of the project imports them."
        return f"Nothing waits for you, because the project has no prompts yet. {who}"
    reasons = [
        "the prompts left need other people's responses" if counts["unanswered"] else "every prompt has a response"
    ]
    if role in SENIOR:
        kept = "the responses left are for other reviewers to approve" if counts["my_kept_from_approving"] else ""
        own = "your own responses are for others to approve" if counts["my_submitted"] else ""
        reasons.append(kept or own or "no response waits for approval")
    if not counts["comparisons"]:
        reasons.append("no candidates have been prepared to rank")
    elif counts["to_rank"]:
        reasons.append("the comparisons left need other people's judgement")
    else:
        reasons.append("every comparison is ranked")
    if counts["to_score"]:
        reasons.append("the outputs left need other people's scores")
    else:
        reasons.append("no outputs wait for scores")
    return f"Nothing waits for you: {', '.join(reasons[:-1])}, and {reasons[-1]}."
