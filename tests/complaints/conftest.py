from __future__ import annotations

from typing import Any

import pytest

from tests.complaints.person import Person
from tests.training.conftest import base_model, dataset, fake, rung, taught

__all__ = ["base_model", "dataset", "fake", "rung", "taught"]


def _at_a_browser(username: str) -> Any:
    def person(request: pytest.FixtureRequest) -> Person:
        return Person(request.getfixturevalue(username))

    return pytest.fixture(name=username.title())(person)


Erin, Eve, Rita, Ada, Oscar = map(_at_a_browser, ["erin", "eve", "rita", "ada", "oscar"])
