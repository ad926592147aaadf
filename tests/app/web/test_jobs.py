"""Jobs of many films."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.app.fakes import CRASH, SLOW
from tests.app.web.conftest import API, grey_film

Serve = Callable[..., TestClient]
Json = dict[str, Any]


def send(client: TestClient, *films: bytes, **told: str) -> Json:
    files = [("films", (f"{i}.png", film)) for i, film in enumerate(films)]
    answer = client.post(f"{API}/jobs", files=files, data=told)
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


def ended(client: TestClient, job: Json) -> Json:
    for _ in range(400):
        now = client.get(f"{API}/jobs/{job['id']}").json()
        if now["state"] in ("done", "cancelled"):
            return dict(now)
        time.sleep(0.05)
    raise TimeoutError(str(now))


@pytest.mark.slow
def test_each_film_of_a_job_gets_its_answer(serve_fake: Serve) -> None:
    client = serve_fake()
    job = send(client, grey_film(mark=1), b"no film", grey_film(CRASH), grey_film(mark=2))
    assert job["total"] == 4
    results = ended(client, job)["results"]
    assert [r["number"] for r in results] == [1, 2, 3, 4]
    assert [r["error"] and r["error"]["kind"] for r in results] == [
        None,
        "not_an_image",
        "crashed",
        None,
    ]
    scans = [client.get(f"{API}/scans/{results[i]['scan']}").json() for i in (0, 3)]
    assert len({scan["sha256"] for scan in scans}) == 2


@pytest.mark.slow
def test_a_single_film_need_not_wait_for_a_job(serve_fake: Serve) -> None:
    client = serve_fake()
    job = send(client, *(grey_film(mark=i) for i in range(60)))
    answer = client.post(f"{API}/scans", files={"film": grey_film(mark=99)})
    assert answer.status_code == 200
    assert client.get(f"{API}/jobs/{job['id']}").json()["done"] < 60
    assert ended(client, job)["done"] == 60


@pytest.mark.slow
def test_a_cancelled_job_leaves_no_film(serve_fake: Serve, tmp_path: Any) -> None:
    client = serve_fake(scan_seconds=1.0)
    job = send(client, grey_film(SLOW), *(grey_film(mark=i) for i in range(5)))
    assert client.delete(f"{API}/jobs/{job['id']}").json()["state"] == "cancelled"
    time.sleep(1.5)
    assert ended(client, job)["results"][1]["scan"] is None
    assert list((tmp_path / "data" / "unsaved").iterdir()) == []


@pytest.mark.slow
def test_a_job_goes_on_after_a_restart(serve_fake: Serve) -> None:
    client = serve_fake(scan_seconds=2.0)
    job = send(client, grey_film(SLOW), grey_film(mark=1), grey_film(mark=2), in_brace="true")
    while client.get(f"{API}/jobs/{job['id']}").json()["state"] == "waiting":
        time.sleep(0.02)
    time.sleep(0.3)  # the first film is being read
    client.__exit__(None, None, None)
    again = serve_fake(scan_seconds=1.0)
    results = ended(again, job)["results"]
    # The one that was being scanned was not lost: it is read again, and takes too long again.
    assert [r["error"] and r["error"]["kind"] for r in results] == ["timeout", None, None]
    scan = again.get(f"{API}/scans/{results[1]['scan']}").json()
    assert scan["told"]["in_brace"] is True


def test_a_job_without_films_is_refused(serve_fake: Serve) -> None:
    client = serve_fake()
    assert client.post(f"{API}/jobs", files={"film": b"x"}).status_code == 422
    assert client.get(f"{API}/jobs/{'0' * 32}").status_code == 404


@pytest.mark.slow
def test_too_many_films_at_once_are_told_to_come_back(serve_fake: Serve) -> None:
    client = serve_fake(scan_seconds=5.0, max_films=3)
    first = send(client, grey_film(SLOW), grey_film(mark=1), grey_film(mark=2))
    while client.get(f"{API}/jobs/{first['id']}").json()["state"] == "waiting":
        time.sleep(0.02)
    send(client, grey_film(mark=3), grey_film(mark=4))
    answer = client.post(f"{API}/jobs", files={"films": grey_film()})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    many = [("films", grey_film(mark=i)) for i in range(4)]
    assert client.post(f"{API}/jobs", files=many).status_code in (400, 422, 429)
