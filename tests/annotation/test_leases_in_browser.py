"""The bar of a work screen says until when an item is one's own, and what has become of it afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from annotation import queues
from annotation.models import Lease
from tests import factories
from tests.frame.conftest import chromium, visit  # noqa: F401 - fixtures

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def runs_out_in(page: Page, seconds: int) -> None:
    until = f"new Date(Date.now() + {seconds * 1000}).toISOString()"
    page.evaluate(f"document.querySelector('[data-lease]').dataset.until = {until}")


def let_it_run_out() -> None:
    Lease.objects.update(expires_at=timezone.now() - timedelta(minutes=1))


def test_it_counts_down_the_last_minutes_and_says_who_has_the_item_then(visit, project, erin, eve):  # noqa: F811
    prompt = factories.prompt(project)
    page = visit(erin, reverse("write", args=[project.pk, prompt.pk]))
    bar = page.locator("[data-lease]")
    expect(bar).to_have_text("")
    runs_out_in(page, 240)
    expect(bar).to_contain_text("Yours until")
    let_it_run_out()
    assert queues.next_to_write(project, eve).item_id == prompt.pk
    runs_out_in(page, -1)
    expect(bar).to_contain_text("somebody else has it now. What you typed is kept.")


def test_it_gives_the_item_back_to_who_goes_on_while_it_is_free(visit, project, erin):  # noqa: F811
    prompt = factories.prompt(project)
    page = visit(erin, reverse("write", args=[project.pk, prompt.pk]))
    bar = page.locator("[data-lease]")
    expect(bar).to_have_text("")
    let_it_run_out()
    runs_out_in(page, -1)
    expect(bar).to_contain_text("still free")
    page.locator("#id_text").press_sequentially("P")
    expect(bar).to_have_text("", timeout=15_000)
    assert Lease.objects.live().filter(user=erin, item_id=prompt.pk).exists()
