"""Every place in the database that holds texts of people or about them, and how an erasure finds what is in it.

A new model with a text, a JSON value or a file belongs into one of these two tables: a test walks over all models and
fails for what is in neither. Pure: models and fields by name.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Holder:
    """`fields` are emptied where the row belongs to an erased prompt or document, or was written by who withdraws.

    The others are paths from the row to what it belongs to. `gone`: such rows are deleted, since nothing of them is
    worth keeping without its text. `mentions`: values that name erased items among others; only these are taken out.
    """

    model: str
    project: str
    fields: tuple[str, ...] = ()
    prompt: str = ""
    document: str = ""
    author: str = ""
    gone: bool = False
    mentions: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


PROMPT_TEXTS = (
    "external_id",
    "group",
    "task_type",
    "proposed_task_type",
    "difficulty_reasons",
    "instruction",
    "input",
    "history",
    "reference",
)
JOB = ("progress", "result", "failure_message", "params")

FOUND = ("words", "proposed", "replacement", "note", "other")
COPIED = ("instruction", "input", "history", "text", "doubts", "reason")
HELD_OUT = ("name", "instruction", "input", "reference", "frozen_in")

HOLDERS = (
    # what cleaning found in any of them
    Holder("annotation.Finding", "project", FOUND, "prompt", gone=True),
    Holder("annotation.Finding", "project", FOUND, "demonstration__prompt", author="demonstration__author", gone=True),
    Holder("annotation.Finding", "project", FOUND, "candidate__comparison__prompt", gone=True),
    Holder("annotation.Finding", "project", FOUND, document="document", gone=True),
    # what belongs to a prompt, from what depends on it to the prompt itself
    Holder("annotation.Likeness", "project", prompt="demonstration__prompt", author="demonstration__author", gone=True),
    Holder("annotation.ModelDraft", "prompt__project", ("text", "own_text"), "prompt", author="asked_by", gone=True),
    Holder("annotation.SwappedCopy", "project", COPIED, "original__prompt", gone=True),
    Holder("annotation.Comment", "prompt__project", ("text",), "prompt", author="author"),
    Holder("annotation.Flag", "prompt__project", ("reason", "outcome"), "prompt", author="raised_by"),
    Holder(
        "annotation.Revision",
        "demonstration__project",
        ("text", "note"),
        "demonstration__prompt",
        author="demonstration__author",
    ),
    Holder(
        "annotation.Demonstration", "project", ("text", "draft_text", "draft_source", "note"), "prompt", author="author"
    ),
    Holder("annotation.Candidate", "comparison__project", ("text",), "comparison__prompt"),
    Holder("annotation.Ranking", "project", ("reason", "chips"), "comparison__prompt", author="ranker"),
    Holder("annotation.Gold", "comparison__project", ("explanation",), "comparison__prompt", author="created_by"),
    Holder("annotation.Adjudication", "comparison__project", ("reason",), "comparison__prompt", author="decided_by"),
    Holder("annotation.Comparison", "project", ("source",), "prompt"),
    Holder("evaluation.Review", "output__prompt__project", ("comment",), "output__prompt", author="reviewer"),
    Holder("evaluation.Output", "prompt__project", ("text", "metrics"), "prompt"),
    Holder("annotation.Prompt", "project", PROMPT_TEXTS, "pk"),
    Holder("annotation.Document", "project", ("title", "text", "group", "source"), document="pk", gone=True),
    # what somebody has typed and not handed in: of one item, by its id
    Holder("annotation.Lease", "project", ("reason", "draft"), "item_id", author="user", gone=True),
    # what holds many items' texts, or may name somebody
    Holder("annotation.Import", "project", mentions=("state", "problem", "file_name", "mapping"), files=("file",)),
    Holder("annotation.LineProblem", "work__project", mentions=("reason",)),
    Holder("annotation.Event", "project", mentions=("data",)),
    Holder("annotation.Chore", "project", mentions=("state", "problem", "spec")),
    Holder("annotation.AgreementReport", "project", mentions=("sections", "covers")),
    Holder("annotation.Export", "project", mentions=("state", "problem")),
    Holder("annotation.BiasLists", "project", mentions=("groups", "outcomes", "roles")),
    Holder("training.BiasAudit", "project", mentions=("state", "problem", "lists", "report")),
    Holder("annotation.Ranker", "project", mentions=("alarm",)),
    Holder("annotation.Guidelines", "project", mentions=("text",)),
    Holder(
        "annotation.Project",
        "pk",
        mentions=("name", "objective", "success_criteria", "instruction_template", "keywords", "ranking_reasons"),
    ),
    Holder("annotation.FindingDecision", "finding__project", mentions=("replacement",)),
    Holder("annotation.CleaningRun", "project", mentions=("state", "problem")),
    Holder("annotation.BulkDecision", "project", mentions=("state", "problem")),
    Holder("annotation.GlossaryTerm", "project", mentions=("preferred", "variants", "note")),
    Holder("annotation.TextPattern", "project", mentions=("name", "expression")),
    Holder("training.DatasetVersion", "project", mentions=("description", "statistics")),
    Holder("training.VersionRow", "version__project", mentions=("group",)),
    Holder("training.HeldOutText", "project", HELD_OUT, "prompt_id", gone=True),
    Holder("training.Leak", "version__project", mentions=("name", "text", "passage")),
    Holder("training.LeftOut", "version__project", mentions=("name", "reason")),
    Holder("training.LeakCheck", "project", mentions=("state", "problem")),
    Holder("training.TrainingRound", "project", mentions=(*JOB, "note", "estimate")),
    Holder("training.Preflight", "project", mentions=(*JOB, "note", "report")),
    Holder("training.Sampling", "project", mentions=(*JOB, "sources", "prompts")),
    Holder("training.Package", "project", mentions=("progress", "result", "failure_message")),
    Holder("training.FreezeRun", "project", mentions=("description", "state", "problem")),
    Holder("training.SwapRun", "project", mentions=("state", "problem", "groups")),
    Holder("training.Erasure", "project", mentions=("problem",)),
    Holder("evaluation.EvaluationSet", "project", mentions=("name",)),
    Holder("evaluation.Evaluation", "project", mentions=("name", "instruction_template")),
    Holder("evaluation.Contestant", "evaluation__project", mentions=(*JOB, "metrics")),
    Holder("evaluation.Promotion", "project", mentions=("reason",)),
)

# Fields that hold no text of or about anybody: names of states and kinds, hashes, ids, numbers, settings.
HARMLESS = {
    "annotation.Project": {"sections", "dated_section", "rubric", "criteria_compared", "language", "drafts_by_model"},
    "annotation.Event": {"verb", "object_type", "object_id"},
    "annotation.Assignment": {"people", "roles", "key"},
    "annotation.Prompt": {"text_sha256"},
    "annotation.ModelDraft": {"key", "source", "refusal"},
    "annotation.Candidate": {"source"},
    "annotation.Ranking": {"order", "criteria", "shown"},
    "annotation.Gold": {"order"},
    "annotation.Adjudication": {"order"},
    "annotation.Document": {"sha256"},
    "annotation.Import": {"sha256", "format", "counts"},
    "annotation.Lease": {"shown"},
    "annotation.Export": {"shape", "frozen_name", "file_name", "sha256"},  # the file itself is deleted
    "annotation.CleaningRun": {"scopes", "kinds"},
    "annotation.BulkDecision": {"kind"},
    "annotation.Finding": {"kind", "field", "text_sha256"},
    "annotation.SecondLook": {"source"},
    "annotation.SwappedCopy": {"kind", "source"},
    "annotation.SignInLink": {"token_sha256"},
    "annotation.SignInFailure": {"key_sha256"},
    "annotation.Ranker": {"ahead"},
    "annotation.AgreementReport": {"problem"},
    "training.BaseModel": {"name", "path", "source", "license", "weights_sha256", "chat_template_sha256"},
    "training.DatasetVersion": {"sha256", "content_sha256", "erased_sha256", "filter", "consensus"},
    "training.VersionRow": {"row", "part", "sha256", "revisions", "people"},
    "training.HeldOutText": {"text_sha256"},
    "training.Leak": {"row_id", "place", "against", "kind"},
    "training.LeftOut": {"row_id"},
    "training.TrainingRound": {"failure_code"},
    "training.Preflight": {"failure_code"},
    "training.Sampling": {"failure_code"},
    "training.Package": {"failure_code"},
    "training.FreezeRun": {"kind", "consensus", "filter", "step"},
    "training.SwapRun": {"kind", "origins"},
    "training.Adapter": {"sha256", "allowed_because"},
    "training.Worker": {"host", "running", "devices"},
    "training.Erasure": {"name", "state", "found", "touched"},  # emptied by the erasure itself
    "evaluation.EvaluationSet": {"sha256"},
    "evaluation.Contestant": {"failure_code"},
    "evaluation.Output": {"finish"},
}
