"""The API does what its documentation says, whatever it is sent (schemathesis)."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import positive_data_acceptance

from spinescan.app.web.server import create_app
from spinescan.app.web.settings import WebSettings
from tests.app.web.conftest import API, grey_film, load_fake
from tests.app.web.listening import listening

pytestmark = pytest.mark.slow

MEANING = ("/scans", "/predictions", "/jobs", "/cases", "/measure", "/render/{kind}", "/edit")
"""Routes that refuse, by what it means, what has the right form: no film, a patient's name."""

CASES = count(1)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    settings = WebSettings(data=tmp_path_factory.mktemp("data"), jobs=1, max_bytes=2**20)
    with listening(create_app(settings, load=load_fake)) as port:
        yield schemathesis.openapi.from_url(f"http://127.0.0.1:{port}{API}/openapi.json")


def living(api: Any) -> dict[str, str]:
    """Ids of a film, in a case, and of a job, that are there."""
    with httpx2.Client(base_url=api.get_base_url().rstrip("/") + API) as client:
        scan = client.post("/scans", files={"film": grey_film()}).json()["id"]
        job = client.post("/jobs", files={"films": grey_film()}).json()["id"]
        # A count, not a part of an id: eight digits may be a date, which no pseudonym may hold.
        case = client.post("/cases", json={"pseudonym": f"K-{next(CASES)}"}).json()["id"]
        saved = client.post(f"/cases/{case}/scans", json={"scan": scan, "taken_on": "2026-01-02"})
        assert saved.status_code == 201, saved.text
    return {"scan_id": scan, "job_id": job, "case_id": case}


def ask(operation: Any, mode: Any, ids: dict[str, str]) -> None:
    """Send what the documentation allows, or forbids, and hold each answer against it."""
    skipped = [positive_data_acceptance] if operation.path.endswith(MEANING) else []

    @settings(
        max_examples=10,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode, path_parameters=ids or None))
    def keeps_its_word(case: Any) -> None:
        case.call_and_validate(excluded_checks=skipped)

    try:
        keeps_its_word()
    except Unsatisfiable:  # a route that takes nothing cannot be asked wrongly
        assert mode is schemathesis.GenerationMode.NEGATIVE


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.name)
def test_every_route_keeps_its_word(api: Any, mode: Any, known: bool) -> None:
    failed = {}
    for found in api.get_all_operations():
        operation = found.ok()
        if known and "_id}" not in operation.path:
            continue
        made = living(api) if known else {}
        ids = {name: id_ for name, id_ in made.items() if f"{{{name}}}" in operation.path}
        try:
            ask(operation, mode, ids)
        except Exception as error:
            failed[operation.label] = error
        except BaseExceptionGroup as errors:
            failed[operation.label] = "; ".join(map(str, errors.exceptions))
    for route, error in failed.items():
        print(route, error, sep="\n", end="\n\n")
    assert not failed
