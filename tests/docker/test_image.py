"""What Dockerfile, compose.yaml and the image's scripts promise."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from image_steps import ROOT, Stage, context_files, needed, read_services, read_stages

from spinescan.core.report import RESEARCH_USE

SCRIPTS = sorted((ROOT / "docker").glob("*.sh"))
STAGES = read_stages(ROOT / "Dockerfile")
IMAGES = {stage.name: stage for stage in STAGES if not stage.name.startswith("build-")}
SERVICES = read_services(ROOT / "compose.yaml")


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (.ci/run installs it)")
    return found


def executable(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def test_hadolint_finds_nothing() -> None:
    done = subprocess.run(
        [program("hadolint"), str(ROOT / "Dockerfile")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_shellcheck_finds_nothing() -> None:
    done = subprocess.run(
        [program("shellcheck"), *SCRIPTS, ROOT / ".ci" / "run"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_a_plain_shell_s(script: Path) -> None:
    assert script.read_text("utf-8").startswith("#!/bin/sh\n")
    subprocess.run(["sh", "-n", script], check=True)


def test_all_that_is_copied_is_in_the_context() -> None:
    context = [path.as_posix() for path in context_files(ROOT)]
    copied = [
        name
        for stage in STAGES
        for step in stage.steps
        if step.name == "COPY" and "from" not in step.options
        for name in step.words[:-1]
    ]
    assert copied
    for name in copied:
        assert any(f"{path}/".startswith(f"{name}/") for path in context), name
    # and nothing is let through that no instruction takes
    for path in context:
        assert any(f"{path}/".startswith(f"{name}/") for name in copied), path


def test_every_step_runs_a_script_that_was_copied_before() -> None:
    for stage in STAGES:
        here: set[str] = set()
        for step in stage.steps:
            if step.name == "COPY":
                *names, target = step.words
                here |= {f"{target}{Path(name).name}" for name in names}
            if step.name in ("RUN", "CMD"):
                scripts = {word for word in step.words if word.endswith(".sh")}
                assert scripts
                assert scripts <= here, scripts


def test_the_context_holds_no_films_and_no_secrets(tmp_path: Path) -> None:
    shutil.copy(ROOT / ".dockerignore", tmp_path)
    for name in (
        "films/a.png",
        ".env",
        ".git/config",
        "runs/x/model.pt",
        "notebooks/quickstart/film.png",
        "notebooks/.ipynb_checkpoints/a-checkpoint.ipynb",
        "src/spinescan/__pycache__/a.pyc",
        "docker/rehearse.py",
        "srcs/a.py",
        "src/spinescan/kept.py",
        "notebooks/kept.ipynb",
        "docker/kept.sh",
        "docker/orthanc.json",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    kept = {path.as_posix() for path in context_files(tmp_path)}
    assert kept == {
        "src/spinescan/kept.py",
        "notebooks/kept.ipynb",
        "docker/kept.sh",
        "docker/orthanc.json",
    }


@pytest.mark.parametrize("image", IMAGES.values(), ids=IMAGES)
def test_an_image_is_not_run_as_root_and_says_what_it_is_for(image: Stage) -> None:
    assert image.last("USER").text == "1000:1000"
    labels = image.last("LABEL").pairs
    assert RESEARCH_USE in labels["org.opencontainers.image.description"]
    assert "/opt/docker/healthy" in image.last("HEALTHCHECK").text


def test_the_slim_image_installs_no_torch() -> None:
    build, slim = needed(STAGES, "slim")
    assert slim is IMAGES["slim"]
    installs = [step.text for step in build.steps if "install-requirements.sh" in step.text]
    (extras,) = re.findall(r"EXTRAS=(\S+)", " ".join(installs))
    assert set(extras.split(",")) == {"web", "pdf", "dicom"}


def test_every_profile_has_its_services_and_nothing_starts_without_one() -> None:
    profiles: dict[str, set[str]] = {}
    for name, service in SERVICES.items():
        (profile,) = service["profiles"]
        profiles.setdefault(profile, set()).add(name)
    assert profiles == {"page": {"page"}, "jupyter": {"jupyter"}, "orthanc": {"orthanc", "node"}}


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_compose_gives_no_more_than_is_needed(service: dict[str, Any]) -> None:
    assert service["build"]["target"] in IMAGES
    assert service["user"] == "1000:1000"
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["restart"]
    assert not {"privileged", "cap_add", "network_mode", "pid", "devices"} & set(service)
    for volume in service["volumes"]:
        assert volume["type"] == "volume" or volume["read_only"] is True


def test_what_shall_last_is_in_a_volume_of_the_service_s_own() -> None:
    sources = [
        volume["source"]
        for service in SERVICES.values()
        for volume in service["volumes"]
        if volume["type"] == "volume"
    ]
    assert len(sources) == len(set(sources)) == len(SERVICES)


def test_the_node_is_reached_by_orthanc_alone() -> None:
    assert "ports" not in SERVICES["node"]
    assert SERVICES["node"]["networks"] == ["archive"]
    others = set(SERVICES) - {"node", "orthanc"}
    assert not any("archive" in SERVICES[name].get("networks", []) for name in others)
    compose = (ROOT / "compose.yaml").read_text("utf-8")
    assert re.search(r"^  archive:\n    internal: true$", compose, re.MULTILINE)


def test_orthanc_sends_to_the_node_as_the_documentation_says() -> None:
    page = (ROOT / "docs" / "how-to" / "pacs.md").read_text("utf-8")
    (shown,) = re.findall(r"```lua\n(.*?)```", page, re.DOTALL)
    script = (ROOT / "docker" / "orthanc.lua").read_text("utf-8")
    assert script.splitlines()[1:] == shown.splitlines()[1:]  # beneath its first line
    told = json.loads((ROOT / "docker" / "orthanc.json").read_text("utf-8"))
    modality = told["DicomModalities"]["spinescan"]
    assert modality["Host"] == "node"
    assert f"--allow={told['DicomAet']}@*" in SERVICES["node"]["command"]
    send_to = f"--send-to={told['DicomAet']}@orthanc:{told['DicomPort']}"
    assert send_to in SERVICES["node"]["command"]
    assert told["AuthenticationEnabled"] is True
    assert "RegisteredUsers" not in told


def test_the_example_of_settings_names_all_of_them_and_no_secret() -> None:
    settings = (ROOT / ".env.example").read_text("utf-8")
    used = set(re.findall(r"\$\{(\w+)", (ROOT / "compose.yaml").read_text("utf-8")))
    given = dict(re.findall(r"^(\w+)=(.*)$", settings, re.MULTILINE))
    assert used == set(given) - {"COMPOSE_PROFILES"}  # which is Compose's own
    assert {"SPINESCAN_TOKEN", "JUPYTER_TOKEN", "ORTHANC_PASSWORD"} <= set(given)
    assert not [name for name in given if re.search("TOKEN|PASSWORD", name) and given[name]]


def test_no_file_names_an_index_of_packages() -> None:
    files = [ROOT / "Dockerfile", ROOT / "compose.yaml", ROOT / ".env.example", *SCRIPTS]
    for path in [*files, ROOT / "constraints.txt", *(ROOT / "docker").glob("*.py")]:
        addresses = re.findall(r"https?://[^\s\"']+", path.read_text("utf-8"))
        assert all(address.startswith("http://127.0.0.1") for address in addresses), path


# --- the scripts that start services


def start(tmp_path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """start-jupyter.sh with a Jupyter that tells what it was given."""
    tell = (
        "import json, os, sys; print('TOLD', json.dumps([os.environ['JUPYTER_TOKEN'], sys.argv]))"
    )
    executable(tmp_path / "bin" / "jupyter", f"#!{sys.executable}\n{tell}\n")
    executable(tmp_path / "bin" / "python", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (tmp_path / "shipped").mkdir(exist_ok=True)
    (tmp_path / "shipped" / "one.ipynb").write_text("as shipped")
    return subprocess.run(
        ["sh", ROOT / "docker" / "start-jupyter.sh", tmp_path / "shipped", tmp_path / "work"],
        env={
            "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
            "HOME": str(tmp_path / "home"),
            **variables,
        },
        capture_output=True,
        text=True,
    )


def told(done: subprocess.CompletedProcess[str]) -> tuple[str, list[str]]:
    assert done.returncode == 0, done.stderr
    token, words = json.loads(done.stdout.split("TOLD ")[1])
    return token, words


@pytest.mark.parametrize("variables", [{}, {"JUPYTER_TOKEN": ""}, {"JUPYTER_TOKEN": " \t"}])
def test_without_a_token_one_is_made_and_printed(tmp_path: Path, variables: dict[str, str]) -> None:
    done = start(tmp_path, **variables)
    token, words = told(done)
    assert re.fullmatch("[0-9a-f]{48}", token)
    assert f"lab?token={token}" in done.stdout
    assert not any(token in word for word in words)  # the command line can be read by others
    again, _ = told(start(tmp_path, **variables))
    assert again != token


def test_a_token_of_one_s_own_is_not_printed(tmp_path: Path) -> None:
    done = start(tmp_path, JUPYTER_TOKEN="0123456789abcdef")
    token, words = told(done)
    assert token == "0123456789abcdef"
    assert token not in done.stdout.split("TOLD ")[0]
    assert not any(token in word for word in words)


@pytest.mark.parametrize("token", ["short", "0123456789 abcdef", "a" * 15, '0123456789"abcdef'])
def test_a_token_that_is_easily_guessed_or_mistyped_is_refused(tmp_path: Path, token: str) -> None:
    done = start(tmp_path, JUPYTER_TOKEN=token)
    assert done.returncode == 2
    assert "TOLD" not in done.stdout


def test_it_listens_on_this_computer_alone_unless_told_otherwise(tmp_path: Path) -> None:
    _, words = told(start(tmp_path))
    assert words[words.index("--ip") + 1] == "127.0.0.1"
    _, words = told(start(tmp_path, SPINESCAN_ADDRESS="0.0.0.0"))
    assert words[words.index("--ip") + 1] == "0.0.0.0"
    assert IMAGES["training"].environment["SPINESCAN_ADDRESS"] == "0.0.0.0"


def test_notebooks_that_were_worked_on_stay(tmp_path: Path) -> None:
    told(start(tmp_path))
    copied = tmp_path / "work" / "notebooks" / "one.ipynb"
    assert copied.read_text() == "as shipped"
    copied.write_text("worked on")
    told(start(tmp_path))
    assert copied.read_text() == "worked on"


def start_page(tmp_path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """start-page.sh with a spinescan that tells what it was given."""
    tell = (
        "import json, os, sys; print('TOLD', json.dumps([os.environ['SPINESCAN_TOKEN'], sys.argv]))"
    )
    executable(tmp_path / "bin" / "spinescan", f"#!{sys.executable}\n{tell}\n")
    return subprocess.run(
        ["sh", ROOT / "docker" / "start-page.sh", tmp_path],
        env={
            "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
            "HOME": str(tmp_path / "home"),
            **variables,
        },
        capture_output=True,
        text=True,
    )


def test_the_page_is_never_without_a_token(tmp_path: Path) -> None:
    done = start_page(tmp_path, SPINESCAN_TOKEN="", SPINESCAN_PORT="8010")
    token, words = told(done)
    assert re.fullmatch("[0-9a-f]{48}", token)
    assert f"http://127.0.0.1:8010 and give the token {token}" in done.stdout
    assert words[1:3] == ["serve", "--host"]
    assert not any(token in word for word in words)
    own = "0123456789abcdef"
    done = start_page(tmp_path, SPINESCAN_TOKEN=own)
    assert told(done)[0] == own
    assert own not in done.stdout.split("TOLD ")[0]
    assert start_page(tmp_path, SPINESCAN_TOKEN="short").returncode == 2


# --- install-requirements.sh


def install(tmp_path: Path, **variables: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """install-requirements.sh with a pip that notes what it was told, requirements and all."""
    note = tmp_path / "note.txt"
    pip = f"""#!{sys.executable}
import sys
from pathlib import Path
words = sys.argv[1:]
if "--requirement" in words:
    words += Path(words[words.index("--requirement") + 1]).read_text().splitlines()
with open({str(note)!r}, "a") as file:
    print(*words, file=file)
"""
    executable(tmp_path / "pip", pip)
    make_venv = (
        f'#!/bin/sh\nmkdir -p "$3/bin"\ncp {tmp_path}/pip "$3/bin/pip"\n'
        f'printf \'#!/bin/sh\\nexec {sys.executable} "$@"\\n\' > "$3/bin/python"\n'
        'chmod +x "$3/bin/python"\n'
    )
    executable(tmp_path / "bin" / "python3", make_venv)
    done = subprocess.run(
        ["sh", ROOT / "docker" / "install-requirements.sh", ROOT, tmp_path / "venv"],
        env={"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", **variables},
        capture_output=True,
        text=True,
    )
    return done, note.read_text().splitlines() if note.exists() else []


def test_it_installs_what_the_project_names(tmp_path: Path) -> None:
    done, calls = install(tmp_path, EXTRAS="notebook,train", TORCH_INDEX="")
    assert done.returncode == 0, done.stderr
    (call,) = calls
    assert f"--constraint {ROOT / 'constraints.txt'}" in call
    assert "--index-url" not in call
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    for name in (*project["dependencies"], *extras["train"], *extras["notebook"], "hatchling"):
        assert name in call.split()


def test_torch_alone_comes_from_an_index_of_its_own(tmp_path: Path) -> None:
    done, calls = install(tmp_path, EXTRAS="train", TORCH_INDEX="file:///cpu")
    assert done.returncode == 0, done.stderr
    first, second = calls
    assert first.endswith("--index-url file:///cpu --no-deps torch torchvision")
    assert "--index-url" not in second


def test_an_extra_that_there_is_not_stops_the_build(tmp_path: Path) -> None:
    done, calls = install(tmp_path, EXTRAS="notebooks")
    assert done.returncode != 0
    assert calls == []
