"""The loop walked without people, to measure what the model learns from the demo project.

The demonstrations are the demo's own. The rankings are made by a stated rule in place of an expert: of two
candidates with all headings, the one whose next step carries a calendar date is better. Nothing else is simulated:
the same actions, jobs and recipes run as behind the pages, and the held-out prompts are never trained on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import User

from annotation.actions.approving import approve
from annotation.actions.ranking import rank
from annotation.metrics import adherence, dated_section
from annotation.models import Comparison, Demonstration, Project
from evaluation.actions.evaluating import start_evaluation
from evaluation.actions.freezing import freeze_evaluation_set
from evaluation.collecting import CONTESTANT
from evaluation.models import Evaluation
from training.actions.freezing import freeze
from training.actions.rounds import launch_round
from training.actions.sampling import start_sampling
from training.jobs import Job, Status
from training.methods import DPO, SFT
from training.models import Adapter, DatasetVersion, TrainingRound
from training.params import to_json
from training.running import runner
from training.running.kinds import ROUND, SAMPLING

CANDIDATES = 4
MOST_TOKENS = 320  # the longest reference has 250


class ProofFailed(Exception):
    pass


class Proof:
    """One walk through the loop; what an earlier walk finished is not done again.

    `say` gets a line per step with the seconds it took.
    """

    def __init__(self, project: Project, *, teacher: User, admin: User, say: Callable[[str], None]) -> None:
        self.project = project
        self.teacher = teacher
        self.admin = admin
        self.say = say

    def run(self) -> tuple[Evaluation, TrainingRound, TrainingRound]:
        approved = self._approve_what_waits()
        demonstrations = freeze(project=self.project, kind=DatasetVersion.Kind.DEMONSTRATIONS, by=self.admin)
        self.say(f"{approved} approved; {demonstrations}: {demonstrations.train_rows} rows to train on")
        sft = self._round("sft", demonstrations, None, SFT.presets["standard"].params)
        self._sample(sft.adapter)
        preferences = self._rank_and_freeze()
        # one pass: there are about twice the pairs that the standard preset is for
        dpo = self._round("dpo", preferences, sft.adapter, DPO.presets["quick"].params)
        with self._timed("answers for the evaluation set"):
            evaluation = self._evaluate([None, sft.adapter, dpo.adapter])
        return evaluation, sft, dpo

    def _approve_what_waits(self) -> int:
        waiting = Demonstration.objects.filter(project=self.project).awaiting_review()
        for demonstration in waiting.exclude(author=self.teacher):
            approve(demonstration=demonstration, by=self.teacher, version=demonstration.version)
        return Demonstration.objects.filter(project=self.project).approved().count()

    def _round(self, method: str, version: DatasetVersion, parent: Adapter | None, params: Any) -> TrainingRound:
        done = {"method": method, "dataset_version": version, "params": to_json(params), "status": Status.SUCCEEDED}
        earlier = self.project.rounds.filter(**done).select_related("adapter").first()
        if earlier:
            self.say(f"{earlier} is there from an earlier walk")
            return earlier
        with self._timed(f"{method.upper()} round on {version.train_rows} rows"):
            round = launch_round(
                project=self.project,
                method=method,
                dataset_version=version,
                params=to_json(params),
                parent_adapter=parent,
                by=self.admin,
            )
            self._finish(ROUND, round)
        return TrainingRound.objects.select_related("adapter").get(pk=round.pk)

    def _sample(self, adapter: Adapter) -> None:
        """Candidates for every prompt that has a demonstration; those held out stay held out as pairs."""
        taught = self.project.prompts.filter(demonstrations__status=Demonstration.Status.APPROVED)
        asked = list(taught.filter(comparisons=None).distinct())
        if not asked:
            self.say("candidates are there from an earlier walk")
            return
        params = {"num_candidates": CANDIDATES, "temperature": 0.8, "top_p": 0.95, "max_new_tokens": MOST_TOKENS}
        with self._timed(f"sampling {CANDIDATES} candidates for {len(asked)} prompts"):
            sampling = start_sampling(
                project=self.project, sources=[adapter], prompts=asked, params=params, by=self.admin
            )
            self._finish(SAMPLING, sampling)

    def _rank_and_freeze(self) -> DatasetVersion:
        comparisons = Comparison.objects.filter(project=self.project, rankings_done=0)
        for comparison in comparisons.prefetch_related("candidates"):
            rank(comparison=comparison, by=self.teacher, order=self._order(comparison), reason="Next step has a date")
        version = freeze(project=self.project, kind=DatasetVersion.Kind.PREFERENCES, by=self.admin)
        self.say(
            f"{comparisons.count()} left to rank; {version}: {version.train_rows} + {version.validation_rows} pairs"
        )
        return version

    def _order(self, comparison: Comparison) -> list[list[str]]:
        """All headings and a dated next step, before all headings without a date, before the rest; equals tie."""
        groups: dict[int, list[str]] = {}
        for candidate in comparison.candidates.all():
            groups.setdefault(self._grade(candidate.text), []).append(str(candidate.pk))
        return [groups[grade] for grade in sorted(groups, reverse=True)]

    def _grade(self, text: str) -> int:
        form = adherence(text, self.project.sections)
        if form is None or not form.complete:
            return 0
        return 2 if dated_section(text, self.project.dated_section, self.project.sections) else 1

    def _evaluate(self, contestants: list[Adapter | None]) -> Evaluation:
        evaluation = start_evaluation(
            project=self.project,
            evaluation_set=freeze_evaluation_set(project=self.project, by=self.admin),
            contestants=contestants,
            max_new_tokens=MOST_TOKENS,
            by=self.admin,
        )
        for contestant in evaluation.contestants.all():
            self._finish(CONTESTANT, contestant)
        return evaluation

    def _finish(self, kind: runner.JobKind, job: Job) -> None:
        """Run the job here; when a worker was quicker, or a killed walk still holds the machine, wait for it."""
        while not job.is_final:
            runner.run(kind, job.pk)
            time.sleep(1)
            job.refresh_from_db()
        if job.status != Status.SUCCEEDED:
            raise ProofFailed(f"{job} {job.get_status_display().lower()}: {job.failure_message}")

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.say(f"{what}: {time.monotonic() - started:.0f} s")
