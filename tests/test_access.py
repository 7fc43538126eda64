"""Who may open what: every address of every app, held against one table. An address that is not in it fails."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from annotation.access import ALLOWED
from annotation.models import Project, Role

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def reads(act: str) -> dict[str, str]:
    return {"GET": act}


def posts(act: str) -> dict[str, str]:
    return {"POST": act}


def both(act: str, post: str = "") -> dict[str, str]:
    return {"GET": act, "POST": post or act}


# Inside a project: name of the address -> method -> act of annotation/access.py.
IN_A_PROJECT: dict[str, dict[str, str]] = {
    # annotation: pages
    "project": reads("open project"),
    "project_settings": both("manage"),
    "members": both("manage"),
    "member": posts("manage"),
    "guidelines": reads("open project"),
    "guidelines_version": reads("open project"),
    "guidelines_edit": both("manage"),
    "prompts": reads("read results"),
    "prompt": reads("read results"),
    "prompt_similar": reads("read results"),
    "who_gets_what": both("manage"),
    "prompt_kinds": both("manage"),
    "progress": reads("read results"),
    "lease_renew": posts("open project"),
    "import_start": both("manage"),
    "import_map": both("manage"),
    "import_problems": reads("manage"),
    "corpus": both("manage"),
    "corpus_delete": posts("manage"),
    "document": reads("manage"),
    "bias_lists": both("manage"),
    "cleaning": both("clean", post="manage"),
    "cleaning_run": posts("manage"),
    "glossary": both("manage"),
    "findings": reads("clean"),
    "findings_decide": both("clean"),
    "findings_undo": posts("clean"),
    "finding": both("clean"),
    "export": both("manage"),
    "export_act": posts("manage"),
    "export_download": posts("manage"),
    "write_next": reads("write"),
    "write": both("write"),
    "write_save": posts("write"),
    "write_hints": posts("write"),
    "write_reopen": posts("write"),
    "write_draft": both("write"),
    "precedents": reads("write"),
    "precedent": reads("write"),
    "remarks": reads("open project"),
    "discussion": both("open project"),
    "flags": reads("approve"),
    "flag_close": posts("approve"),
    "guidelines_recheck": both("approve"),
    "recheck_next": reads("open project"),
    "second_look_next": reads("open project"),
    "second_look": both("open project"),
    "decide_next": reads("decide"),
    "swapped_copy_next": reads("approve"),
    "swapped_copy": both("approve"),
    "recheck": both("open project"),
    "approve_next": reads("approve"),
    "approve": both("approve"),
    "rank_next": reads("rank"),
    "rank": both("rank"),
    "rank_training": both("rank"),
    "rank_explained": reads("rank"),
    "rank_take_back": posts("rank"),
    "rank_differences": reads("rank"),
    "correct": both("write"),
    "correct_one": both("write"),
    "correct_save": posts("write"),
    "correct_one_save": posts("write"),
    "draft_save": posts("open project"),
    "ranker": reads("decide"),
    "ranker_act": posts("manage"),
    "my_ranking": reads("rank"),
    "disagreements": reads("decide"),
    "disagreement": both("decide"),
    "known_answer": both("decide"),
    # annotation: API
    "api_project": {"GET": "open project", "PATCH": "manage"},
    "api_members": both("manage"),
    "api_member": {"PATCH": "manage", "DELETE": "manage"},
    "api_member_link": posts("manage"),
    "api_guidelines": both("open project", post="manage"),
    "api_prompts": both("read results", post="manage"),
    "api_prompt": reads("read results"),
    "api_prompt_similar": reads("read results"),
    "api_prompts_arrange": posts("manage"),
    "api_prompts_estimate": posts("manage"),
    "api_prompts_sort": posts("manage"),
    "api_prompts_propose": posts("manage"),
    "api_prompts_accept": posts("manage"),
    "api_chore": reads("manage"),
    "api_demonstrations": both("open project", post="write"),
    "api_demonstration_approve": posts("approve"),
    "api_demonstration_return": posts("approve"),
    "api_comparisons": both("manage"),
    "api_comparison": reads("rank"),
    "api_rankings": both("manage", post="rank"),
    "api_known_answers": both("manage"),
    "api_known_answer": {"DELETE": "manage"},
    "api_decisions": both("manage"),
    "api_agreement": reads("read results"),
    "api_bias_lists": {"GET": "manage", "PATCH": "manage"},
    "api_flags": reads("approve"),
    "api_flag_close": posts("approve"),
    "api_rechecks": both("approve"),
    "api_imports": both("manage"),
    "api_import": reads("manage"),
    "api_import_problems": reads("manage"),
    "api_import_stop": posts("manage"),
    "api_import_resume": posts("manage"),
    "api_import_discard": posts("manage"),
    "api_corpus": both("manage"),
    "api_document": {"GET": "manage", "DELETE": "manage"},
    "api_exports": both("manage"),
    "api_export": {"GET": "manage", "DELETE": "manage"},
    "api_export_file": reads("manage"),
    "api_export_stop": posts("manage"),
    "api_export_resume": posts("manage"),
    "api_cleaning_runs": both("manage"),
    "api_cleaning_run": reads("manage"),
    "api_cleaning_stop": posts("manage"),
    "api_cleaning_resume": posts("manage"),
    "api_findings": reads("clean"),
    "api_finding_decide": posts("clean"),
    "api_finding_decisions": posts("clean"),
    "api_finding_decisions_undo": posts("clean"),
    "api_swapped_copies": reads("approve"),
    "api_swapped_copy_decide": posts("approve"),
    "api_glossary": both("manage"),
    "api_term": {"DELETE": "manage"},
    "api_patterns": both("manage"),
    "api_pattern": {"DELETE": "manage"},
    # training: pages
    "datasets": both("manage"),
    "dataset": reads("manage"),
    "dataset_export": both("manage"),
    "dataset_manifest": reads("manage"),
    "dataset_leaks": reads("manage"),
    "dataset_compare": posts("manage"),
    "dataset_without_leaks": posts("manage"),
    "freezing": reads("manage"),
    "freezing_act": posts("manage"),
    "audits": both("manage"),
    "audit": reads("manage"),
    "audit_act": posts("manage"),
    "audit_file": reads("manage"),
    "audit_copies": posts("manage"),
    "dataset_comparison": reads("manage"),
    "dataset_rebuild": posts("manage"),
    "lineage": reads("manage"),
    "adapter_lineage": reads("manage"),
    "adapter_allow": posts("manage"),
    "erasures": both("manage"),
    "erasure": both("manage"),
    "rounds": reads("manage"),
    "round_create": both("manage"),
    "preflight": both("manage"),
    "round": reads("manage"),
    "round_progress": reads("manage"),
    "round_cancel": posts("manage"),
    "round_suspects": both("manage"),
    "round_retry": posts("manage"),
    "round_mlflow": posts("manage"),
    "adapters": reads("manage"),
    "round_tensorboard": reads("manage"),
    "adapter": reads("manage"),
    "adapter_comparison": reads("manage"),
    "package_create": posts("manage"),
    "package_file": reads("manage"),
    "package_cancel": posts("manage"),
    "sampling_create": both("manage"),
    "sampling": reads("manage"),
    "sampling_cancel": posts("manage"),
    "workers": reads("manage"),
    "playground": both("manage"),
    "playground_result": reads("manage"),
    # training: API
    "api_datasets": both("manage"),
    "api_dataset_export": posts("manage"),
    "api_dataset_manifest": reads("manage"),
    "api_dataset_leaks": both("manage"),
    "api_freezings": reads("manage"),
    "api_freezing": reads("manage"),
    "api_freezing_stop": posts("manage"),
    "api_freezing_resume": posts("manage"),
    "api_audits": both("manage"),
    "api_audit": reads("manage"),
    "api_audit_copies": both("manage"),
    "api_audit_stop": posts("manage"),
    "api_audit_resume": posts("manage"),
    "api_dataset_comparison": reads("manage"),
    "api_dataset_rebuild": posts("manage"),
    "api_lineage": reads("manage"),
    "api_adapter_lineage": reads("manage"),
    "api_adapter_allow": posts("manage"),
    "api_erasures": both("manage"),
    "api_erasure": {**both("manage"), "DELETE": "manage"},
    "api_erasure_resume": posts("manage"),
    "api_which_way": reads("manage"),
    "api_preflights": posts("manage"),
    "api_preflight": reads("manage"),
    "api_preflight_launch": posts("manage"),
    "api_rounds": both("manage"),
    "api_round": reads("manage"),
    "api_round_cancel": posts("manage"),
    "api_round_suspects": {"GET": "manage", "POST": "manage", "DELETE": "manage"},
    "api_round_retry": posts("manage"),
    "api_adapters": reads("manage"),
    "api_adapter_comparison": reads("manage"),
    "api_packages": both("manage"),
    "api_package": reads("manage"),
    "api_package_file": reads("manage"),
    "api_package_cancel": posts("manage"),
    "api_round_tensorboard": reads("manage"),
    "api_round_mlflow": both("manage"),
    "api_samplings": both("manage"),
    "api_sampling": reads("manage"),
    "api_sampling_cancel": posts("manage"),
    "api_playground": posts("manage"),
    "api_playground_result": reads("manage"),
    # evaluation: pages
    "evaluations": both("read results", post="manage"),
    "evaluation_create": both("manage"),
    "evaluation": reads("read results"),
    "evaluation_progress": reads("read results"),
    "evaluation_reviewers": posts("manage"),
    "evaluation_open": posts("manage"),
    "evaluation_outputs": reads("read results"),
    "contestant_retry": posts("manage"),
    "contestant_leave_out": posts("manage"),
    "agreement": reads("read results"),
    "score_next": reads("score"),
    "score": both("score"),
    "promotions": reads("read results"),
    "promote": posts("manage"),
    "rollback": posts("manage"),
    # evaluation: API
    "api_evaluation_sets": both("read results", post="manage"),
    "api_evaluations": both("read results", post="manage"),
    "api_evaluation": {"GET": "read results", "PATCH": "manage"},
    "api_evaluation_open": posts("manage"),
    "api_evaluation_outputs": reads("read results"),
    "api_evaluation_reviews": reads("score"),
    "api_contestant_retry": posts("manage"),
    "api_contestant_leave_out": posts("manage"),
    "api_promotions": both("read results", post="manage"),
    "api_rollback": posts("manage"),
}
# For everybody who is signed in; what each of them shows is the person's own.
FOR_PEOPLE = {"home", "account", "sign_out", "token_revoke", "schema", "api_docs", "api_projects", "api_base_models"}
# Everybody may read these; only those who run the installation may post.
STAFF_POST = {"api_projects", "api_base_models"}
# For those who run the installation.
FOR_STAFF = {"project_create", "base_models", "installation_workers"}
# For admins of any project, and those who run the installation.
FOR_ADMINS = {"api_workers", "api_disk_use"}
# Before signing in.
OPEN = {"sign_in", "sign_in_link", "livez", "readyz"}


@dataclass(frozen=True)
class Address:
    name: str
    route: str

    def path(self, project: Project) -> str:
        """With ids of nothing behind it, so that only the access rules speak."""
        values: dict[str, Any] = {}
        for converter, parameter in re.findall(r"<(?:(\w+):)?(\w+)>", self.route):
            made_up = {"uuid": uuid.uuid4(), "int": 987654, "slug": "part", "str": "x"}[converter or "str"]
            values[parameter] = project.pk if parameter == "pk" else made_up
        return reverse(self.name, kwargs=values)


def addresses(resolver: URLResolver | None = None, before: str = "") -> Iterator[Address]:
    for pattern in (resolver or get_resolver()).url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, route)
        else:
            assert isinstance(pattern, URLPattern)
            yield Address(pattern.name or route, route)


EVERY = {address.name: address for address in addresses()}
DECLARED = IN_A_PROJECT.keys() | FOR_PEOPLE | FOR_STAFF | FOR_ADMINS | OPEN


def ask(client: Client, method: str, path: str) -> int:
    """The status; 401 also where a page sends somebody to sign in first."""
    response = client.generic(method, path, b"{}", content_type="application/json")
    if response.status_code == 302 and response["Location"].startswith("/sign-in/"):
        return 401
    return response.status_code


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_it_declares_every_address_and_no_other() -> None:
    assert EVERY.keys() - DECLARED == set(), "declare who may open these"
    assert DECLARED - EVERY.keys() == set(), "these are gone"


def test_it_declares_as_in_a_project_what_has_a_project_in_its_path() -> None:
    with_project = {name for name, address in EVERY.items() if "projects/<uuid:pk>/" in address.route}
    assert with_project == IN_A_PROJECT.keys()


@pytest.mark.parametrize("name", sorted(IN_A_PROJECT))
def test_it_opens_a_projects_address_to_the_roles_in_the_table_only(
    name: str, project: Project, erin: User, rita: User, ada: User, oscar: User
) -> None:
    path = EVERY[name].path(project)
    people = {Role.EXPERT: client_of(erin), Role.REVIEWER: client_of(rita), Role.ADMIN: client_of(ada)}
    stranger = client_of(oscar)
    for method, act in IN_A_PROJECT[name].items():
        assert ask(Client(), method, path) == 401, f"{method} by nobody"
        assert ask(stranger, method, path) == 404, f"{method} by a stranger"
        for role, client in people.items():
            status = ask(client, method, path)
            if role in ALLOWED[act]:
                assert status not in (401, 403, 405), f"{method} by {role}: {status}"
            else:
                assert status == 403, f"{method} by {role}: {status}"


@pytest.mark.parametrize("name", sorted(IN_A_PROJECT))
def test_it_knows_no_other_method(name: str, project: Project, ada: User) -> None:
    path, client = EVERY[name].path(project), client_of(ada)
    other = [method for method in METHODS if method not in IN_A_PROJECT[name]]
    assert {method: ask(client, method, path) for method in other} == dict.fromkeys(other, 405)


@pytest.mark.parametrize("name", sorted(FOR_PEOPLE | FOR_STAFF | FOR_ADMINS))
def test_it_asks_to_sign_in_first(name: str, project: Project) -> None:
    assert ask(Client(), "GET", EVERY[name].path(project)) == 401


@pytest.mark.parametrize("name", sorted(FOR_STAFF))
def test_it_keeps_the_installation_to_those_who_run_it(name: str, project: Project, rita: User, ada: User) -> None:
    path = EVERY[name].path(project)
    assert ask(client_of(rita), "GET", path) == 403
    assert ask(client_of(rita), "POST", path) in (403, 405)
    assert ask(client_of(ada), "GET", path) == 200


@pytest.mark.parametrize("name", sorted(FOR_ADMINS))
def test_it_shows_admins_what_is_everybodys(name: str, project: Project, rita: User, oscar: User) -> None:
    path = EVERY[name].path(project)
    assert [ask(client_of(person), "GET", path) for person in (rita, oscar)] == [403, 200]
    assert ask(client_of(oscar), "POST", path) == 405


@pytest.mark.parametrize("name", sorted(STAFF_POST))
def test_it_lets_only_those_who_run_the_installation_add_to_it(
    name: str, project: Project, rita: User, ada: User
) -> None:
    path = EVERY[name].path(project)
    assert [ask(client, "POST", path) for client in (Client(), client_of(rita), client_of(ada))] == [401, 403, 400]


@pytest.mark.parametrize("name", sorted(OPEN))
def test_it_opens_the_door_itself_to_anybody(name: str, project: Project) -> None:
    assert ask(Client(), "GET", EVERY[name].path(project)) in (200, 410, 503)


def test_it_answers_strangers_as_if_the_project_did_not_exist(project: Project, oscar: User) -> None:
    client = client_of(oscar)
    pages = [client.get(f"/projects/{pk}/") for pk in (project.pk, uuid.uuid4())]
    assert [page.status_code for page in pages] == [404, 404]
    there, nowhere = (re.sub(r"[A-Za-z0-9]{64}", "a token", page.content.decode()) for page in pages)
    assert there == nowhere
