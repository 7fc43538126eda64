"""What experts know: people and projects, prompts and responses, comparisons, documents, and who has what in hand."""

from annotation.models.aids import Likeness, ModelDraft
from annotation.models.assignments import Assignment
from annotation.models.bias import BiasLists
from annotation.models.chores import Chore
from annotation.models.cleaning import (
    BulkDecision,
    CleaningRun,
    Decision,
    Finding,
    FindingDecision,
    FindingQuerySet,
    GlossaryTerm,
    Scope,
    TextPattern,
)
from annotation.models.comparisons import (
    Adjudication,
    Candidate,
    Comparison,
    ComparisonQuerySet,
    Correction,
    Gold,
    Mark,
    Ranking,
)
from annotation.models.discussion import Comment, Flag, ThreadRead
from annotation.models.documents import Document
from annotation.models.doubts import Doubt
from annotation.models.exports import Export
from annotation.models.imports import Import, LineProblem
from annotation.models.in_parts import InParts
from annotation.models.leases import Lease
from annotation.models.people import SignInFailure, SignInLink, name_of
from annotation.models.projects import (
    AnyUser,
    ConsensusRule,
    DraftsByModel,
    Event,
    Guidelines,
    Membership,
    Numbered,
    Priority,
    Project,
    ReasonRequired,
    Role,
    UUIDModel,
)
from annotation.models.prompts import (
    Demonstration,
    DemonstrationQuerySet,
    Difficulty,
    Prompt,
    PromptQuerySet,
    Revision,
    Split,
)
from annotation.models.rankers import Ranker
from annotation.models.rechecks import Recheck
from annotation.models.reports import AgreementReport
from annotation.models.second_looks import SecondLook
from annotation.models.swapped_copies import SwappedCopy

__all__ = [
    "Adjudication",
    "AgreementReport",
    "AnyUser",
    "Assignment",
    "BiasLists",
    "BulkDecision",
    "Candidate",
    "Chore",
    "CleaningRun",
    "Comment",
    "Comparison",
    "ComparisonQuerySet",
    "ConsensusRule",
    "Correction",
    "Decision",
    "Demonstration",
    "DemonstrationQuerySet",
    "Difficulty",
    "Document",
    "Doubt",
    "DraftsByModel",
    "Event",
    "Export",
    "Finding",
    "FindingDecision",
    "FindingQuerySet",
    "Flag",
    "GlossaryTerm",
    "Gold",
    "Guidelines",
    "Import",
    "InParts",
    "Lease",
    "Likeness",
    "LineProblem",
    "Mark",
    "Membership",
    "ModelDraft",
    "Numbered",
    "Priority",
    "Project",
    "Prompt",
    "PromptQuerySet",
    "Ranker",
    "Ranking",
    "ReasonRequired",
    "Recheck",
    "Revision",
    "Role",
    "Scope",
    "SecondLook",
    "SignInFailure",
    "SignInLink",
    "Split",
    "SwappedCopy",
    "TextPattern",
    "ThreadRead",
    "UUIDModel",
    "name_of",
]
