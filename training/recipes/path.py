"""The way a round takes that finds its own settings: what to do after each look at what the model writes. No torch.

It begins with a rate that is high enough to move something. On the way to a new habit a model writes badly for a
while, so what is guarded may be lost as long as the wanted trait rises or the loss on chosen answers falls. Once they
do not, it goes back half of the way to the last good place, which costs no training, and then on from the best place
with half the rate and twice the SFT term. What is kept in the end is the best place that lost nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

ENOUGH = 95.0  # of the way from what the model wrote before to what the chosen answers have
CLOSE = 0.5  # points of the wanted trait that are no gain
PATIENCE = 3  # looks without gain, once there was some
UNMOVED = 2  # looks without any
MOST_TURNS = 3
LOST_IN_A_ROW = 6  # looks, of which the last turns
LOSS = "loss"  # the guard that falls while something is learned
HIGHEST_SFT_WEIGHT = 8.0
FASTEST = 2.0  # times the first rate


GO_ON, HALF_WAY, BACK, FASTER, STOP = "go on", "half way", "back", "faster", "stop"


@dataclass(frozen=True)
class Guard:
    """One thing that should not get worse: its value, and by how much it may."""

    key: str
    label: str
    unit: str
    margin: float
    more_is_worse: bool = False


@dataclass
class Look:
    """What the model wrote at one place of the way."""

    step: int
    learning_rate: float
    sft_weight: float
    wanted: float
    guards: dict[str, float]
    lost: list[str] = field(default_factory=list)
    half_way: bool = False
    kept: bool = False
    does: str = GO_ON


@dataclass
class Way:
    """Everything that has to be remembered to go on after an interruption."""

    learning_rate: float
    sft_weight: float
    goal: float  # of the wanted trait
    rises: bool
    guards: list[Guard]
    first: Look
    looks: list[Look] = field(default_factory=list)
    since: int = 0  # the step at which the optimiser last began anew
    best: int = -1  # place in `looks`; -1: the model before the round
    idle: int = 0
    turns: int = 0
    lost: int = 0  # looks in a row
    first_rate: float = 0.0
    stopped: str = ""

    def __post_init__(self) -> None:
        self.first_rate = self.first_rate or self.learning_rate

    @property
    def best_look(self) -> Look:
        return self.looks[self.best] if self.best >= 0 else self.first

    def take(self, look: Look) -> Look:
        """Judge what was written, and say what to do next (in `does`)."""
        look.lost = [guard.key for guard in self.guards if self.is_lost(guard, look)]
        before = self.looks[-1] if self.looks else self.first
        self.looks.append(look)
        self.lost = self.lost + 1 if look.lost else 0
        look.does = self._after_loss(look, before) if look.lost else self._after_good(look)
        if look.does in (BACK, FASTER):
            self.since = look.step
        return look

    def is_lost(self, guard: Guard, look: Look) -> bool:
        worse = look.guards[guard.key] - self.first.guards[guard.key]
        return (worse if guard.more_is_worse else -worse) >= guard.margin

    def is_reached(self, look: Look) -> bool:
        there = look.wanted >= self.goal if self.rises else look.wanted <= self.goal
        return there and self.gain(look, self.first) > 0

    def gain(self, look: Look, over: Look) -> float:
        return look.wanted - over.wanted if self.rises else over.wanted - look.wanted

    def _after_good(self, look: Look) -> str:
        if self.gain(look, self.best_look) > CLOSE:
            self.best, self.idle, look.kept = len(self.looks) - 1, 0, True
        elif not look.half_way:
            self.idle += 1
        if self.is_reached(look):
            return self._stop("reached")
        if look.half_way:
            return self._turn()
        if self.idle < (UNMOVED if self.best < 0 else PATIENCE):
            return GO_ON
        if self.best < 0 and self.learning_rate < FASTEST * self.first_rate and self.turns == 0:
            self.learning_rate, self.idle = FASTEST * self.first_rate, 0
            return FASTER
        return self._stop("no gain")

    def _after_loss(self, look: Look, before: Look) -> str:
        if look.half_way:
            return self._turn()
        learns = self.gain(look, before) > CLOSE or look.guards.get(LOSS, 0.0) < before.guards.get(LOSS, 0.0)
        if learns and self.lost < LOST_IN_A_ROW:
            return GO_ON
        return HALF_WAY if self.gain(look, self.best_look) > CLOSE else self._turn()

    def _turn(self) -> str:
        if self.turns >= MOST_TURNS:
            return self._stop("turns")
        self.turns += 1
        self.idle = self.lost = 0
        self.learning_rate /= 2
        self.sft_weight = min(HIGHEST_SFT_WEIGHT, 2 * self.sft_weight or 0.5)
        return BACK

    def _stop(self, why: str) -> str:
        self.stopped = why
        return STOP

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Way:
        return cls(
            **{
                **values,
                "guards": [Guard(**guard) for guard in values["guards"]],
                "first": Look(**values["first"]),
                "looks": [Look(**look) for look in values["looks"]],
            }
        )


def goal(before: float, wished: float) -> float:
    return before + ENOUGH / 100 * (wished - before)
