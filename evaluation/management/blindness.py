"""Results stay closed while people score blind, in a shell as on a page."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser

from annotation.models import AnyUser
from evaluation import results
from evaluation.models import Evaluation
from evaluation.progress import Progress, progress_of, visible_to

NOBODY = AnonymousUser()


def table_for(evaluation: Evaluation, person: AnyUser) -> str:
    """The comparison, or why it is closed to them."""
    progress = progress_of(evaluation)
    return results.results_table(evaluation) if visible_to(evaluation, person, progress) else closed(progress)


def closed(progress: Progress) -> str:
    reviews = f"{progress.reviews_in} of {progress.reviews_wanted} reviews are in"
    stage = reviews if progress.under_review else progress.word[1].lower()
    return (
        f"People score it blind ({stage}), so the results stay closed until the last review is in. "
        "show_evaluation --by PERSON --open shows them now; that person then scores no more of its outputs."
    )
