from __future__ import annotations

from django.urls import path

from annotation.views import approving, drafts, leases, ranking, writing

IN_PROJECT = "projects/<uuid:pk>"

urlpatterns = [
    path(f"{IN_PROJECT}/write/", writing.write_next, name="write_next"),
    path(f"{IN_PROJECT}/write/<uuid:prompt_pk>/", writing.write, name="write"),
    path(f"{IN_PROJECT}/write/<uuid:prompt_pk>/save/", writing.write_save, name="write_save"),
    path(f"{IN_PROJECT}/write/<uuid:prompt_pk>/hints/", writing.write_hints, name="write_hints"),
    path(f"{IN_PROJECT}/write/<uuid:prompt_pk>/reopen/", writing.write_reopen, name="write_reopen"),
    path(f"{IN_PROJECT}/approve/", approving.approve_next, name="approve_next"),
    path(f"{IN_PROJECT}/approve/<uuid:demonstration_pk>/", approving.approve, name="approve"),
    path(f"{IN_PROJECT}/rank/", ranking.rank_next, name="rank_next"),
    path(f"{IN_PROJECT}/rank/<uuid:comparison_pk>/", ranking.rank, name="rank"),
    path(f"{IN_PROJECT}/drafts/<uuid:lease_pk>/", drafts.draft_save, name="draft_save"),
    path(f"{IN_PROJECT}/leases/<uuid:lease_pk>/renew/", leases.lease_renew, name="lease_renew"),
]
