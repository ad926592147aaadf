"""`--engine ray`: what the plain path answers, whatever is killed on the way."""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner
from PIL import Image

import spinescan
from spinescan.app.batch import FilmScanner, Settings
from spinescan.app.cluster import ClusterError, _Reader, scan_on_ray
from spinescan.app.main import cli
from tests.app.fakes import ABSTAIN, CRASH, DEFECT, SLOW, UNHURRIED, load_fake, write_film

ROOT = Path(__file__).parents[2]
COMMAND = """
import sys
from spinescan.app import batch
from spinescan.app.main import cli
from tests.app.fakes import load_fake
if sys.argv.pop(1) == "fake":
    batch.shipped_scanner = load_fake
cli()
"""

AUTHENTICATED = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
"""As the owner of a cluster tells it to its users."""

needs_ray = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="signals differ"),
]


class Cluster(NamedTuple):
    """A Ray of one machine, as its owner would start it."""

    address: str
    folder: Path
    pid: int


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    pytest.importorskip("ray")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))  # a socket's path must be short
    words = ["--head", "--block", "--num-cpus=2", f"--port={port}"]
    words += [f"--temp-dir={folder}", "--include-dashboard=false", "--disable-usage-stats"]
    words += ["--object-store-memory=100000000"]
    head = subprocess.Popen(
        [sys.executable, "-c", "from ray.scripts.scripts import main; main()", "start", *words],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**environment(), **AUTHENTICATED, "RAY_worker_niceness": "0"},
    )
    try:
        wait_for(lambda: answers(port), 90)
        yield Cluster(f"127.0.0.1:{port}", folder, head.pid)
    finally:
        head.send_signal(signal.SIGTERM)
        head.wait(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


def answers(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


def wait_for(happened: Any, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}


def start(
    *words: object, scanner: str = "fake", address: str = "local", folder: Path = ROOT
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, scanner, "scan", *map(str, words), "--json"],
        bufsize=0,  # a line that is read takes no more with it
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**environment(), **AUTHENTICATED, "RAY_ADDRESS": address},
    )


def finished(process: subprocess.Popen[bytes]) -> tuple[int, list[dict[str, Any]]]:
    out, err = process.communicate(timeout=300)
    assert err == b""
    return process.returncode, [json.loads(line) for line in out.splitlines()]


def untimed(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in record.items() if k != "timing_ms"} for record in records]


def below(pid: int) -> list[tuple[int, str]]:
    """The processes that descend from one, with their command lines."""
    parents, lines = {}, {}
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit():
                parents[int(entry.name)] = int(
                    (entry / "stat").read_text().rsplit(")")[1].split()[1]
                )
                lines[int(entry.name)] = (entry / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue  # it has ended
    found, waiting = [], [pid]
    while waiting:
        parent = waiting.pop()
        children = [child for child, its in parents.items() if its == parent]
        found += [(child, lines[child]) for child in children]
        waiting += children
    return found


@pytest.fixture
def films(tmp_path: Path) -> list[Path]:
    """Two dozen films, half a second each."""
    folder = tmp_path / "films"
    return [write_film(folder / f"mrs-secret-{i:02}.png", UNHURRIED, i) for i in range(24)]


class TestOnRay:
    pytestmark = needs_ray

    def test_records_and_results_are_those_of_the_plain_path(
        self, cluster: Cluster, tmp_path: Path
    ) -> None:
        from spinescan.phantom.film import sample_film

        folder = tmp_path / "films"
        folder.mkdir()
        pixels = (sample_film().pixels * 255).round().astype("uint8")
        whole = Image.fromarray(pixels)
        whole.save(folder / "a.png")
        whole.rotate(5).save(folder / "deeper.jpg")
        (folder / "damaged.png").write_bytes((folder / "a.png").read_bytes()[:20_000])
        (folder / "empty.dcm").touch()
        (folder / "text.png").write_text("no picture")
        sources = ["films", "absent.png"]  # from the folder that the command runs in
        answers = {}
        for name, words in {
            "plain": ["--jobs", 2],
            "ray": ["--engine", "ray"],
        }.items():
            words += ["--out", f"out-{name}"]
            process = start(
                *sources, *words, scanner="shipped", address=cluster.address, folder=tmp_path
            )
            answers[name] = finished(process)
        assert [record.get("view") for record in answers["ray"][1]].count("frontal") == 2
        assert answers["ray"][0] == answers["plain"][0] == 1
        assert untimed(answers["ray"][1]) == untimed(answers["plain"][1])
        index = [(tmp_path / f"out-{name}" / "index.jsonl").read_text() for name in answers]
        assert index[0] == index[1]
        assert len(index[0].splitlines()) == 2
        written = [
            sorted(
                p.relative_to(tmp_path / f"out-{name}")
                for p in (tmp_path / f"out-{name}").rglob("*")
            )
            for name in answers
        ]
        assert written[0] == written[1]

    def test_a_film_that_kills_its_reader_costs_no_other(
        self, cluster: Cluster, tmp_path: Path
    ) -> None:
        greys = [40, 40, CRASH, 40, ABSTAIN, DEFECT, 40, CRASH, 40, 40]
        for i, grey in enumerate(greys):
            write_film(tmp_path / f"mr-secret-{i}.png", grey, i)
        plain = finished(start(tmp_path, "--jobs", 2))
        address = tmp_path.as_uri()  # the same films, by fsspec
        for source in (str(tmp_path), address):
            code, records = finished(
                start(source, "--engine", "ray", "--jobs", 2, address=cluster.address)
            )
            told = json.loads(json.dumps(records).replace(address, str(tmp_path)))
            assert (code, told) == plain
        assert [r["error"]["kind"] for r in records if "error" in r] == [
            "crashed", "internal", "crashed",
        ]  # fmt: skip

    def test_a_killed_actor_loses_nothing(self, cluster: Cluster, films: list[Path]) -> None:
        process = start(films[0].parent, "--engine", "ray", address=cluster.address)
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        actors = [pid for pid, line in below(cluster.pid) if line.startswith("ray::MapWorker")]
        assert len(actors) == 2
        os.kill(actors[0], signal.SIGKILL)
        code, records = finished(process)
        assert code == 0
        assert [record["file"] for record in [first, *records]] == [str(film) for film in films]
        assert {record["decision"] for record in records} == {"accepted"}

    def test_a_killed_driver_resumes(
        self, cluster: Cluster, films: list[Path], tmp_path: Path
    ) -> None:
        out = tmp_path / "out"
        words = [films[0].parent, "--engine", "ray", "--out", out]
        process = start(*words, address=cluster.address)
        assert process.stdout is not None
        for _ in range(6):
            process.stdout.readline()
        process.kill()
        process.communicate(timeout=60)
        done = [json.loads(line)["name"] for line in (out / "index.jsonl").read_text().splitlines()]
        assert 5 <= len(done) < len(films)
        written = {name: (out / name / "report.json").stat().st_mtime_ns for name in done}
        code, records = finished(start(*words, "--resume", address=cluster.address))
        assert code == 0
        assert [record["file"] for record in records] == [str(film) for film in films]
        lines = (out / "index.jsonl").read_text().splitlines()
        assert len(set(lines)) == len(lines) == len(films)
        assert written == {n: (out / n / "report.json").stat().st_mtime_ns for n in done}

    def test_names_of_films_are_not_in_the_logs_of_the_cluster(self, cluster: Cluster) -> None:
        logs = [path for path in cluster.folder.rglob("*") if path.is_file()]
        assert len(logs) > 5
        for path in logs:  # of the tests above
            assert b"secret-" not in path.read_bytes(), path

    def test_an_interrupt_ends_ray_too(self, films: list[Path], tmp_path: Path) -> None:
        pytest.importorskip("ray")
        write_film(films[1], SLOW)
        place = Path(tempfile.mkdtemp(dir="/tmp"))
        process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, "fake", "scan", *map(str, films), "--json"]
            + ["--engine", "ray", "--jobs", "2"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env={**environment(), "RAY_ADDRESS": "", "TMPDIR": str(place), "HOME": str(place)},
        )
        try:
            wait_for(lambda: any("MapWorker" in line for _, line in below(process.pid)), 120)
            ours = [pid for pid, _ in below(process.pid)]
            time.sleep(3)
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
        assert (process.returncode, out, err) == (130, b"", b"")
        wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in ours), 30)
        assert list(place.iterdir()) == []  # no log, nothing spilled
        place.rmdir()


def test_a_machine_that_does_not_see_the_folder_of_results_reads_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for out in (tmp_path / "elsewhere", Path("elsewhere")):
        scanner = FilmScanner(Settings(out=out), load_fake, 1)
        with pytest.raises(ClusterError, match="no such folder on this machine"):
            _Reader(scanner, str(tmp_path), spinescan.__version__)
    assert list(tmp_path.iterdir()) == []


def refusal(*words: object) -> str:
    result = CliRunner().invoke(cli, ["scan", *map(str, words)])
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    return result.stderr.splitlines()[-1]


def test_without_the_extra_one_line_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = write_film(tmp_path / "a.png")
    for missing in ("ray", "pyarrow"):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, missing, None)
            assert "spinescan[cluster]" in refusal(film, "--engine", "ray")
    monkeypatch.setitem(sys.modules, "fsspec", None)
    assert "spinescan[cluster]" in refusal("s3://bucket/film.png")


@pytest.mark.parametrize("protocol", ["memory", "https"])
def test_an_address_with_a_password_is_refused_and_not_repeated(protocol: str) -> None:
    result = CliRunner().invoke(cli, ["scan", f"{protocol}://me:hunter2@host/film.png"])
    assert result.exit_code == 2
    assert "password" in result.stderr
    assert "hunter2" not in result.output


def test_what_is_no_address_holds_no_password(tmp_path: Path) -> None:
    film = write_film(tmp_path / "a:b@c.png")
    for source in (film, "https://me@host.invalid/film.png", "https://[/film.png"):
        result = CliRunner().invoke(cli, ["scan", str(source)])
        assert result.exit_code != 2, result.output


def test_options_that_contradict_are_wrong_usage(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    assert "--resume needs --out" in refusal(tmp_path, "--engine", "ray", "--resume")
    assert "memory://" in refusal("memory://films", "--engine", "ray")
    assert "--out" in refusal(tmp_path, "--engine", "ray", "--out", "s3://bucket/results")
    assert "--engine" in refusal(tmp_path, "--engine", "spark")


def test_nothing_is_reported_and_nobody_is_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = pytest.importorskip("ray")
    told: dict[str, Any] = {}

    def init(address: str, **options: Any) -> None:
        told.update(options, address=address, usage=os.environ["RAY_USAGE_STATS_ENABLED"])
        raise ConnectionError("not today")

    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "1")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with pytest.raises(ClusterError, match="not today"):
        next(scan_on_ray(["a.png"], Settings(), jobs=3, load=load_fake))
    assert told["usage"] == "0"
    assert told["include_dashboard"] is False
    assert told["log_to_driver"] is False
    assert told["_node_ip_address"] == "127.0.0.1"
    assert (told["address"], told["num_cpus"]) == ("local", 3)


def test_the_cost_of_a_million_films_follows_from_that_of_one() -> None:
    from archives import million

    measured = {
        "core_s_per_film": {"median": 0.36, "least": 0.18, "most": 0.72},
        "film_bytes": 2_000_000,
        "result_bytes": 1_000_000,
        "ray": {"record_bytes": {"median": 10_000}},
    }
    told = million(measured, cores=50, price=0.1)
    assert told["core_hours"] == {"median": 100, "least": 50, "most": 200}
    assert told["hours_on_50_cores"] == {"median": 2.0, "least": 1.0, "most": 4.0}
    assert told["price"] == {"median": 10.0, "least": 5.0, "most": 20.0}
    assert (told["gigabytes_read"], told["gigabytes_of_records"]) == (2000, 10)
    assert told["gigabytes_of_results"] == 1000
