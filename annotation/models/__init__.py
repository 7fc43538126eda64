"""What experts know: people and projects, prompts and responses, comparisons, documents, and who has what in hand."""

from annotation.models.comparisons import Candidate, Comparison, ComparisonQuerySet, Ranking
from annotation.models.documents import Document, DocumentQuerySet
from annotation.models.leases import Lease
from annotation.models.people import SignInFailure, SignInLink, name_of
from annotation.models.projects import AnyUser, Event, Guidelines, Membership, Numbered, Project, Role, UUIDModel
from annotation.models.prompts import (
    Demonstration,
    DemonstrationQuerySet,
    Import,
    Prompt,
    PromptQuerySet,
    Revision,
    Split,
)

__all__ = [
    "AnyUser",
    "Candidate",
    "Comparison",
    "ComparisonQuerySet",
    "Demonstration",
    "DemonstrationQuerySet",
    "Document",
    "DocumentQuerySet",
    "Event",
    "Guidelines",
    "Import",
    "Lease",
    "Membership",
    "Numbered",
    "Project",
    "Prompt",
    "PromptQuerySet",
    "Ranking",
    "Revision",
    "Role",
    "SignInFailure",
    "SignInLink",
    "Split",
    "UUIDModel",
    "name_of",
]
