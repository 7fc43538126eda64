"""The web server dies while somebody types. (Worker and recipe: tests/training/test_real_worker.py.)"""

from __future__ import annotations

import pytest
from playwright.sync_api import Error, expect

from tests.browser.conftest import Visit
from tests.browser.house import House

pytestmark = pytest.mark.browser


def test_no_text_is_lost_when_the_web_server_is_killed(house: House, visit: Visit) -> None:
    made = house.scene("writing", name="Killed while typing", prompts=1)
    visitor = visit("erin")
    visitor.expect("ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_SOCKET_NOT_CONNECTED", "htmx:")
    page = visitor.open("write", made["project"], made["prompts"][0])
    state, box = page.locator("[data-autosave-state]"), page.locator("textarea[name=text]")
    box.focus()
    page.keyboard.type("Saved before. ")
    expect(state).to_contain_text("Saved")
    page.keyboard.type("On its way. ")
    house.kill("web")
    page.keyboard.type("Typed while it was gone. ")
    expect(state).to_have_text("Not saved, retrying")
    stored = house.scene("texts_of", project=made["project"])["texts"][0]["text"]
    assert stored.startswith("Saved before. ")
    with pytest.raises(Error, match="ERR_CONNECTION_REFUSED"):
        page.reload()
    assert visitor.warned == 1
    house.start("web")
    page.goto(visitor.at("write", made["project"], made["prompts"][0]))
    whole = "Saved before. On its way. Typed while it was gone. "
    expect(box).to_have_value(whole)
    expect(state).to_contain_text("Saved")
    assert house.scene("texts_of", project=made["project"])["texts"][0]["text"] == whole


def test_it_goes_on_saving_by_itself_when_the_server_is_back(house: House, visit: Visit) -> None:
    made = house.scene("writing", name="Killed and back", prompts=1)
    visitor = visit("erin")
    visitor.expect("ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_SOCKET_NOT_CONNECTED", "htmx:")
    page = visitor.open("write", made["project"], made["prompts"][0])
    state = page.locator("[data-autosave-state]")
    house.kill("web")
    page.locator("textarea[name=text]").fill("Nobody listens.")
    expect(state).to_have_text("Not saved, retrying")
    house.start("web")
    expect(state).to_contain_text("Saved", timeout=30_000)
    assert house.scene("texts_of", project=made["project"])["texts"][0]["text"] == "Nobody listens."
