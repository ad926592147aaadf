"""Jupyter in a built root, as compose.yaml runs it."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clean_root import program
from image_steps import ROOT, Stage, read_service

START_S = 600
DEVICES = "null zero full random urandom tty"


class Container:
    """Jupyter in a built root, as `compose.yaml` runs it.

    Parameters
    ----------
    token
        What JUPYTER_TOKEN holds.
    """

    def __init__(self, stage: Stage, root: Path, place: Path, token: str) -> None:
        self.service = read_service(ROOT / "compose.yaml")
        self.stage, self.root = stage, root
        self.log = place / "log.txt"
        apart = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child"]
        said = stage.last("CMD").words
        variables = {**stage.environment, "JUPYTER_TOKEN": token}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*apart, "/bin/sh", "-euc", self._setting(place), "sh", *self._as_user(), *said],
                env=variables,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _setting(self, place: Path) -> str:
        """The mounts and the network, as a shell's commands; then the words that follow."""
        commands = [f"{shutil.which('ip')} link set lo up", f"mount --bind {self.root} {self.root}"]
        for volume in self.service["volumes"]:
            source = place / Path(volume["source"]).name
            target = f"{self.root}{volume['target']}"
            if not source.exists():  # a new volume holds what the image has there, as its owner
                source.mkdir()
                shutil.copystat(target, source)
                held = Path(target).stat()
                os.chown(source, held.st_uid, held.st_gid)
                if volume["type"] == "volume":
                    program("cp", "-a", f"{target}/.", source)
            commands.append(f"mount --bind {source} {target}")
            if volume.get("read_only"):
                commands.append(f"mount -o remount,bind,ro {target}")
        for entry in self.service["tmpfs"]:
            path, _, options = entry.partition(":")
            options = f"noexec,nosuid,nodev,{options}"
            commands.append(f"mount -t tmpfs -o {options} tmpfs {self.root}{path}")
        commands += [
            f"mount -t proc proc {self.root}/proc",
            f"mount -t tmpfs -o mode=755 dev {self.root}/dev",
            f"mkdir {self.root}/dev/shm",
            f"mount -t tmpfs -o size={self.service['shm_size']},mode=1777 shm {self.root}/dev/shm",
            f"for name in {DEVICES}; do touch {self.root}/dev/$name; "
            f"mount --bind /dev/$name {self.root}/dev/$name; done",
        ]
        if self.service["read_only"]:
            commands.append(f"mount -o remount,bind,ro {self.root}")
        return "; ".join(commands) + '; exec "$@"'

    def _as_user(self) -> list[str]:
        """Into the root, as the user and with the rights that compose.yaml gives."""
        uid, gid = self.service["user"].split(":")
        words = [str(shutil.which("chroot")), str(self.root), "setpriv", "--clear-groups"]
        words += [f"--reuid={uid}", f"--regid={gid}"]
        if self.service["cap_drop"] == ["ALL"]:
            words += ["--inh-caps=-all", "--bounding-set=-all"]
        if "no-new-privileges:true" in self.service["security_opt"]:
            words.append("--no-new-privs")
        folder = self.stage.last("WORKDIR").text
        return [*words, "sh", "-c", f'cd {folder}; exec "$@"', "sh"]

    @property
    def pid(self) -> int:
        """The container's first process, as this machine counts."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return int(path.read_text().split()[0])

    def run(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """A program beside it, as `docker compose exec` would."""
        return subprocess.run(
            ["nsenter", "-t", str(self.pid), "-m", "-n", "-p", *self._as_user(), *words],
            env=self.stage.environment | variables,
            capture_output=True,
            text=True,
        )

    def get(self, path: str, token: str | None = None) -> tuple[int, str]:
        """Status and text that Jupyter answers; a redirection is an answer, too."""
        code = (
            "import http.client, sys; path, token = sys.argv[1:]\n"
            "said = {'Authorization': 'token ' + token} if token else {}\n"
            "ask = http.client.HTTPConnection('127.0.0.1', 8888, timeout=120)\n"
            "ask.request('GET', path, headers=said)\n"
            "answer = ask.getresponse()\n"
            "print(answer.status); print(answer.read().decode())"
        )
        done = self.run("python", "-c", code, path, token or "")
        status, _, text = done.stdout.partition("\n")
        return int(status or 0), text

    def await_start(self) -> bool:
        """Whether it answers within START_S."""
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self.process.poll() is None:
            if "is running at" in self.log.read_text() and self.get("/api")[0] == 200:
                return True
            time.sleep(1)
        return False

    def stop(self) -> None:
        """End its first process, and with that all others inside."""
        if self.process.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
        self.process.wait(timeout=60)


@contextmanager
def container(stage: Stage, root: Path, place: Path, token: str) -> Iterator[Container]:
    """Jupyter while the block lasts."""
    jupyter = Container(stage, root, place, token)
    try:
        yield jupyter
    finally:
        jupyter.stop()
