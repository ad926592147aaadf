"""A service in a built root, as compose.yaml runs it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clean_root import program
from image_steps import Stage

START_S = 600
USUAL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DEVICES = "null zero full random urandom tty"
# Asks from beside the container, in its network: not every image holds a program that could.
ASK = """
import base64, http.client, json, sys
port, method, path, headers = sys.argv[1:]
ask = http.client.HTTPConnection("127.0.0.1", int(port), timeout=120)
body = sys.stdin.buffer.read()
ask.request(method, path, body or None, json.loads(headers))
answer = ask.getresponse()
sys.stdout.buffer.write(str(answer.status).encode() + b"\\n" + answer.read())
"""


class Container:
    """A service in a built root, in a network of its own, as `compose.yaml` runs it.

    Parameters
    ----------
    service
        What compose.yaml says of it.
    stage, root
        Its image: what the Dockerfile says of it, and what came of that.
    place
        For its volumes and its log.
    name
        In the log's name.
    settings
        Variables that .env would set.
    hosts
        Addresses of others by name.
    """

    def __init__(
        self,
        service: dict[str, Any],
        stage: Stage,
        root: Path,
        place: Path,
        name: str,
        settings: Mapping[str, str],
        hosts: Mapping[str, str],
    ) -> None:
        self.service, self.stage, self.root = service, stage, root
        self.log = place / f"log-{name}.txt"
        said = service.get("command") or stage.last("CMD").words
        told = {key: str(value or "") for key, value in service.get("environment", {}).items()}
        self.variables = {"PATH": USUAL_PATH} | stage.environment | told | dict(settings)
        self._place, self._hosts = place, hosts
        apart = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child"]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*apart, "/bin/sh", "-euc", self._setting(name), "sh", *self._as_user(), *said],
                env=self.variables,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _setting(self, name: str) -> str:
        """The mounts and the network, as a shell's commands; then the words that follow."""
        root = self.root
        commands = [f"{shutil.which('ip')} link set lo up", f"mount --bind {root} {root}"]
        for volume in self.service["volumes"]:
            source = self._place / f"volume-{Path(volume['source']).name}"
            target = f"{root}{volume['target']}"
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
            commands.append(f"mount -t tmpfs -o {options} tmpfs {root}{path}")
        shared = self.service.get("shm_size", "64m")
        commands += [
            f"mount -t proc proc {root}/proc",
            f"mount -t tmpfs -o mode=755 dev {root}/dev",
            f"mkdir {root}/dev/shm",
            f"mount -t tmpfs -o size={shared},mode=1777 shm {root}/dev/shm",
            f"for name in {DEVICES}; do touch {root}/dev/$name; "
            f"mount --bind /dev/$name {root}/dev/$name; done",
        ]
        names = self._place / f"hosts-{name}.txt"
        known = {"localhost": "127.0.0.1", **self._hosts}
        names.write_text("".join(f"{address} {host}\n" for host, address in known.items()))
        (root / "etc/hosts").touch()
        commands.append(f"mount --bind {names} {root}/etc/hosts")
        if self.service["read_only"]:
            commands.append(f"mount -o remount,bind,ro {root}")
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
            env=self.variables | variables,
            capture_output=True,
            text=True,
        )

    def ask(
        self,
        port: int,
        path: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> tuple[int, bytes]:
        """Status and body of an answer by HTTP (0: none); a redirection is an answer, too."""
        words = [str(port), method, path, json.dumps(dict(headers or {}))]
        done = subprocess.run(
            ["nsenter", "-t", str(self.pid), "-n", sys.executable, "-c", ASK, *words],
            input=body,
            capture_output=True,
        )
        status, _, answer = done.stdout.partition(b"\n")
        return int(status or 0), answer

    @property
    def health_check(self) -> list[str]:
        """The words that ask whether it is well: compose.yaml's, else the image's."""
        if "healthcheck" in self.service:
            _, *words = self.service["healthcheck"]["test"]
            return [str(word) for word in words]
        words = json.loads(self.stage.last("HEALTHCHECK").text.removeprefix("CMD "))
        return [str(word) for word in words]

    def await_health(self) -> bool:
        """Whether its health check passes within START_S."""
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.run(*self.health_check).returncode == 0:
                    return True
            except (FileNotFoundError, IndexError):
                pass  # it has no process yet
            time.sleep(1)
        return False

    def stop(self) -> None:
        """End its first process, and with that all others inside."""
        if self.process.poll() is None:
            try:
                os.kill(self.pid, signal.SIGKILL)
            except (FileNotFoundError, IndexError):  # it has none yet
                self.process.kill()
        self.process.wait(timeout=60)


@contextmanager
def container(
    service: dict[str, Any],
    stage: Stage,
    root: Path,
    place: Path,
    *,
    name: str,
    hosts: Mapping[str, str] | None = None,
    **settings: str,
) -> Iterator[Container]:
    """The service while the block lasts."""
    running = Container(service, stage, root, place, name, settings, hosts or {})
    try:
        yield running
    finally:
        running.stop()


def connect(first: Container, second: Container, addresses: tuple[str, str]) -> None:
    """A network that holds these two alone."""
    pids = [str(each.pid) for each in (first, second)]
    ends = ["here", "there"]
    program(
        "ip", "link", "add", ends[0], "netns", pids[0], "type", "veth",
        "peer", "name", ends[1], "netns", pids[1],
    )  # fmt: skip
    for pid, end, address in zip(pids, ends, addresses, strict=True):
        inside = ["nsenter", "-t", pid, "-n", "ip"]
        program(*inside, "address", "add", f"{address}/24", "dev", end)
        program(*inside, "link", "set", end, "up")
