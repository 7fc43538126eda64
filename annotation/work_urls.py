from __future__ import annotations

from django.urls import path

from annotation.views import (
    admitting,
    approving,
    correcting,
    discussion,
    drafts,
    flags,
    leases,
    looking_again,
    precedents,
    ranking,
    rechecking,
    swapped_copies,
    writing,
)

IN_PROJECT = "projects/<uuid:pk>"
COMPARISON = f"{IN_PROJECT}/rank/<uuid:comparison_pk>"

urlpatterns = [
    path(f"{IN_PROJECT}/write/", writing.write_next, name="write_next"),
    path(f"{IN_PROJECT}/write/<uuid:prompt_pk>/", writing.write, name="write"),
    path(f"{IN_PROJECT}/write/<uuid:prompt_pk>/save/", writing.write_save, name="write_save"),
    path(f"{IN_PROJECT}/write/<uuid:prompt_pk>/hints/", writing.write_hints, name="write_hints"),
    path(f"{IN_PROJECT}/write/<uuid:prompt_pk>/reopen/", writing.write_reopen, name="write_reopen"),
    path(f"{IN_PROJECT}/write/<uuid:prompt_pk>/draft/", writing.write_draft, name="write_draft"),
    path(f"{IN_PROJECT}/write/<uuid:prompt_pk>/precedents/", precedents.precedents, name="precedents"),
    path(
        f"{IN_PROJECT}/write/<uuid:prompt_pk>/precedents/<uuid:demonstration_pk>/",
        precedents.precedent_page,
        name="precedent",
    ),
    path(f"{IN_PROJECT}/remarks/", discussion.remarks, name="remarks"),
    path(f"{IN_PROJECT}/remarks/<uuid:prompt_pk>/", discussion.discussion, name="discussion"),
    path(f"{IN_PROJECT}/flags/", flags.flags, name="flags"),
    path(f"{IN_PROJECT}/flags/<uuid:flag_pk>/close/", flags.flag_close, name="flag_close"),
    path(f"{IN_PROJECT}/guidelines/recheck/", rechecking.guidelines_recheck, name="guidelines_recheck"),
    path(f"{IN_PROJECT}/second-look/", looking_again.second_look_next, name="second_look_next"),
    path(f"{IN_PROJECT}/second-look/<uuid:look_pk>/", looking_again.second_look, name="second_look"),
    path(f"{IN_PROJECT}/swapped-copies/", swapped_copies.swapped_copy_next, name="swapped_copy_next"),
    path(f"{IN_PROJECT}/swapped-copies/<uuid:copy_pk>/", swapped_copies.swapped_copy, name="swapped_copy"),
    path(f"{IN_PROJECT}/recheck/", rechecking.recheck_next, name="recheck_next"),
    path(f"{IN_PROJECT}/recheck/<uuid:recheck_pk>/", rechecking.recheck, name="recheck"),
    path(f"{IN_PROJECT}/approve/", approving.approve_next, name="approve_next"),
    path(f"{IN_PROJECT}/approve/<uuid:demonstration_pk>/", approving.approve, name="approve"),
    path(f"{IN_PROJECT}/rank/", ranking.rank_next, name="rank_next"),
    path(f"{COMPARISON}/", ranking.rank, name="rank"),
    path(f"{COMPARISON}/take-back/", ranking.rank_take_back, name="rank_take_back"),
    path(f"{COMPARISON}/differences/", ranking.rank_differences, name="rank_differences"),
    path(f"{COMPARISON}/better/", correcting.correct, name="correct"),
    path(f"{COMPARISON}/better/<str:letter>/", correcting.correct, name="correct_one"),
    path(f"{COMPARISON}/save/", correcting.correct_save, name="correct_save"),
    path(f"{COMPARISON}/save/<str:letter>/", correcting.correct_save, name="correct_one_save"),
    path(f"{IN_PROJECT}/rank/training/", admitting.rank_training, name="rank_training"),
    path(f"{IN_PROJECT}/rank/training/<uuid:comparison_pk>/", admitting.rank_explained, name="rank_explained"),
    path(f"{IN_PROJECT}/drafts/<uuid:lease_pk>/", drafts.draft_save, name="draft_save"),
    path(f"{IN_PROJECT}/leases/<uuid:lease_pk>/renew/", leases.lease_renew, name="lease_renew"),
]
