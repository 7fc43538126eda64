"""How much people agree, for every kind of label. Pure: plain values in, figures with their interval out."""

from annotation.agreement.alpha import Level, krippendorff_alpha
from annotation.agreement.figures import NOT_LEARNED, SOURCE, Agreement, Reading, reading
from annotation.agreement.kappa import cohen_kappa
from annotation.agreement.orders import kendall_w, mean_tau, mean_w, tau_b
from annotation.agreement.reports import (
    BAD,
    Figure,
    ItemDisagreement,
    Judgement,
    Kind,
    PairOfRaters,
    Report,
    apart,
    of_each,
    report,
)
from annotation.agreement.sets import overlap, sets_alpha

__all__ = [
    "BAD",
    "NOT_LEARNED",
    "SOURCE",
    "Agreement",
    "Figure",
    "ItemDisagreement",
    "Judgement",
    "Kind",
    "Level",
    "PairOfRaters",
    "Reading",
    "Report",
    "apart",
    "cohen_kappa",
    "kendall_w",
    "krippendorff_alpha",
    "mean_tau",
    "mean_w",
    "of_each",
    "overlap",
    "reading",
    "report",
    "sets_alpha",
    "tau_b",
]
