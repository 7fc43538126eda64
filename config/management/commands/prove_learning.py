from __future__ import annotations

import time
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from annotation.demo import loader
from config.proof import Proof, ProofFailed
from evaluation.results import results_table


class Command(BaseCommand):
    help = (
        "Walk the whole loop on the demo project without people and print what the model learned, as a table. "
        "Takes about an hour on two cores; goes on where an earlier walk stopped. Use a data directory of its own, "
        "as make proof does: rankings made by a rule do not belong among those of people."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        project, _made = loader.load()
        people = {user.username: user for user in User.objects.filter(memberships__project=project)}
        proof = Proof(project, teacher=people["rita"], admin=people["ada"], say=self._say)
        try:
            evaluation, sft, dpo = proof.run()
        except ProofFailed as failure:
            raise CommandError(str(failure)) from failure
        self.stdout.write("\n" + results_table(evaluation))
        self.stdout.write(
            f"\nSFT validation loss: {_figure(sft, 'eval_loss_before')} before, {_figure(sft, 'eval_loss')} after. "
            f"DPO reward accuracy on held-out pairs: {_figure(dpo, 'eval_reward_accuracy')} "
            f"({dpo.dataset_version.validation_rows} pairs).\n"
            f"The whole walk took {(time.monotonic() - started) / 60:.0f} minutes."
        )

    def _say(self, line: str) -> None:
        self.stdout.write(f"· {line}")
        self.stdout.flush()


def _figure(round: Any, name: str) -> str:
    value = round.result.get(name)
    return "unknown" if value is None else f"{value:.3f}"
