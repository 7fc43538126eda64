from __future__ import annotations

from django.urls import path

from annotation.api import assigning, corpus, exports, files, projects, prompts, quality, rankings, work, workbench

P = "projects/<uuid:pk>/"

urlpatterns = [
    path("projects/", projects.ProjectList.as_view(), name="api_projects"),
    path(P, projects.ProjectDetail.as_view(), name="api_project"),
    path(f"{P}members/", projects.MemberList.as_view(), name="api_members"),
    path(f"{P}members/<int:membership_pk>/", projects.MemberDetail.as_view(), name="api_member"),
    path(f"{P}members/<int:membership_pk>/link/", projects.MemberLink.as_view(), name="api_member_link"),
    path(f"{P}guidelines/", projects.GuidelinesList.as_view(), name="api_guidelines"),
    path(f"{P}prompts/", prompts.PromptList.as_view(), name="api_prompts"),
    path(f"{P}prompts/arrange/", assigning.PromptsArrange.as_view(), name="api_prompts_arrange"),
    path(f"{P}prompts/estimate/", assigning.PromptsEstimate.as_view(), name="api_prompts_estimate"),
    path(f"{P}chores/<uuid:chore_pk>/", assigning.ChoreDetail.as_view(), name="api_chore"),
    path(f"{P}prompts/<uuid:prompt_pk>/", prompts.PromptDetail.as_view(), name="api_prompt"),
    path(f"{P}demonstrations/", work.DemonstrationList.as_view(), name="api_demonstrations"),
    path(
        f"{P}demonstrations/<uuid:demonstration_pk>/approve/",
        work.DemonstrationApprove.as_view(),
        name="api_demonstration_approve",
    ),
    path(
        f"{P}demonstrations/<uuid:demonstration_pk>/return/",
        work.DemonstrationReturn.as_view(),
        name="api_demonstration_return",
    ),
    path(f"{P}comparisons/", work.ComparisonList.as_view(), name="api_comparisons"),
    path(f"{P}comparisons/<uuid:comparison_pk>/", work.ComparisonDetail.as_view(), name="api_comparison"),
    path(f"{P}rankings/", rankings.RankingList.as_view(), name="api_rankings"),
    path(f"{P}known-answers/", quality.KnownAnswers.as_view(), name="api_known_answers"),
    path(f"{P}known-answers/<uuid:comparison_pk>/", quality.KnownAnswer.as_view(), name="api_known_answer"),
    path(f"{P}decisions/", quality.Decisions.as_view(), name="api_decisions"),
    path(f"{P}agreement/", quality.AgreementReport.as_view(), name="api_agreement"),
    path(f"{P}flags/", workbench.FlagList.as_view(), name="api_flags"),
    path(f"{P}flags/<uuid:flag_pk>/close/", workbench.FlagClose.as_view(), name="api_flag_close"),
    path(f"{P}rechecks/", workbench.Rechecks.as_view(), name="api_rechecks"),
    path(f"{P}imports/", files.ImportList.as_view(), name="api_imports"),
    path(f"{P}imports/<uuid:import_pk>/", files.ImportDetail.as_view(), name="api_import"),
    path(f"{P}imports/<uuid:import_pk>/problems/", files.ImportProblems.as_view(), name="api_import_problems"),
    path(f"{P}imports/<uuid:import_pk>/stop/", files.ImportStop.as_view(), name="api_import_stop"),
    path(f"{P}imports/<uuid:import_pk>/resume/", files.ImportResume.as_view(), name="api_import_resume"),
    path(f"{P}imports/<uuid:import_pk>/discard/", files.ImportDiscard.as_view(), name="api_import_discard"),
    path(f"{P}corpus/", corpus.Corpus.as_view(), name="api_corpus"),
    path(f"{P}corpus/<uuid:document_pk>/", corpus.DocumentDetail.as_view(), name="api_document"),
    path(f"{P}exports/", exports.ExportList.as_view(), name="api_exports"),
    path(f"{P}exports/<uuid:export_pk>/", exports.ExportDetail.as_view(), name="api_export"),
    path(f"{P}exports/<uuid:export_pk>/file/", exports.ExportFile.as_view(), name="api_export_file"),
    path(f"{P}exports/<uuid:export_pk>/stop/", exports.ExportStop.as_view(), name="api_export_stop"),
    path(f"{P}exports/<uuid:export_pk>/resume/", exports.ExportResume.as_view(), name="api_export_resume"),
]
