from __future__ import annotations

from django.urls import include, path

from annotation.views import (
    account,
    assigning,
    corpus,
    deciding,
    disagreements,
    exporting,
    guidelines,
    importing,
    members,
    projects,
    prompts,
    rankers,
    sign_in,
)

P = "projects/<uuid:pk>/"

urlpatterns = [
    path("", include("annotation.work_urls")),
    path("sign-in/", sign_in.sign_in, name="sign_in"),
    path("sign-in/<str:token>/", sign_in.sign_in_link, name="sign_in_link"),
    path("sign-out/", sign_in.sign_out, name="sign_out"),
    path("account/", account.account, name="account"),
    path("account/tokens/<str:token_key>/revoke/", account.token_revoke, name="token_revoke"),
    path("projects/new/", projects.project_create, name="project_create"),
    path(f"{P}settings/", projects.project_settings, name="project_settings"),
    path(f"{P}members/", members.members, name="members"),
    path(f"{P}members/<int:membership_pk>/", members.member, name="member"),
    path(f"{P}rankers/<int:user_pk>/", rankers.ranker, name="ranker"),
    path(f"{P}rankers/<int:user_pk>/decide/", rankers.ranker_act, name="ranker_act"),
    path(f"{P}my-ranking/", rankers.my_ranking, name="my_ranking"),
    path(f"{P}guidelines/", guidelines.guidelines, name="guidelines"),
    path(f"{P}guidelines/<int:version>/", guidelines.guidelines, name="guidelines_version"),
    path(f"{P}guidelines/edit/", guidelines.guidelines_edit, name="guidelines_edit"),
    path(f"{P}prompts/", prompts.prompts, name="prompts"),
    path(f"{P}prompts/who-gets-what/", assigning.who_gets_what, name="who_gets_what"),
    path(f"{P}prompts/<uuid:prompt_pk>/", prompts.prompt, name="prompt"),
    path(f"{P}disagreements/", disagreements.disagreements, name="disagreements"),
    path(f"{P}disagreements/<uuid:comparison_pk>/", deciding.disagreement, name="disagreement"),
    path(f"{P}known-answers/<uuid:comparison_pk>/", deciding.known_answer, name="known_answer"),
    path(f"{P}import/", importing.import_start, name="import_start"),
    path(f"{P}import/<uuid:import_pk>/", importing.import_map, name="import_map"),
    path(f"{P}import/<uuid:import_pk>/problems/", importing.import_problems, name="import_problems"),
    path(f"{P}corpus/", corpus.corpus, name="corpus"),
    path(f"{P}corpus/delete/", corpus.corpus_delete, name="corpus_delete"),
    path(f"{P}corpus/<uuid:document_pk>/", corpus.document, name="document"),
    path(f"{P}export/", exporting.export, name="export"),
    path(f"{P}export/<uuid:export_pk>/", exporting.export_act, name="export_act"),
    path(f"{P}export/<uuid:export_pk>/file/", exporting.export_download, name="export_download"),
]
