"""A real Orthanc with its DICOMweb plugin, on free ports of loopback, for tests and benchmarks."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

PROGRAMS = ("/usr/sbin/Orthanc", "/usr/bin/Orthanc")
PLUGINS = (
    Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so"),
    Path("/usr/lib/orthanc/plugins/libOrthancDicomWeb.so"),
)
USER, PASSWORD = "spine", "wholly-for-tests"


def missing() -> str | None:
    """Why no Orthanc can be started here, or None."""
    if _program() is None:
        return "Orthanc is not installed (Debian: apt-get install orthanc)"
    if _plugin() is None:
        return "Orthanc's DICOMweb plugin is not installed (Debian: orthanc-dicomweb)"
    return None


def _program() -> str | None:
    found = next((path for path in PROGRAMS if Path(path).is_file()), None)
    return found or shutil.which("Orthanc")


def _plugin() -> Path | None:
    return next((path for path in PLUGINS if path.is_file()), None)


def free_port() -> int:
    """A port of loopback on which nobody listens now."""
    with socket.create_server(("127.0.0.1", 0)) as place:
        return int(place.getsockname()[1])


class Orthanc:
    """One Orthanc: its ports and storage stay the same when it is killed and started again.

    Parameters
    ----------
    folder
        For its storage, configuration and log.
    aet
        Its own AE title.
    login
        Ask for USER and PASSWORD over HTTP.
    settings
        Further entries of its configuration, such as {"OverwriteInstances": True}.
    """

    def __init__(
        self,
        folder: Path,
        *,
        aet: str = "ORTHANC",
        login: bool = False,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.folder, self.aet, self.login = folder, aet, login
        self.http_port, self.dicom_port = free_port(), free_port()
        self.process: subprocess.Popen[bytes] | None = None
        storage = folder / "storage"
        storage.mkdir(parents=True, exist_ok=True)
        self._configuration = folder / "orthanc.json"
        configuration = {
            "Name": "SpineScan test",
            "StorageDirectory": str(storage),
            "IndexDirectory": str(storage),
            "TemporaryDirectory": str(folder),
            "Plugins": [str(_plugin())],
            "HttpPort": self.http_port,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": login,
            "RegisteredUsers": {USER: PASSWORD} if login else {},
            "DicomAet": aet,
            "DicomPort": self.dicom_port,
            "DicomModalitiesInDatabase": True,  # so that they outlive a restart
            "DicomAlwaysAllowStore": True,
            "DicomScuTimeout": 10,
            "ConcurrentJobs": 2,
            "StableAge": 1,
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "EnableWado": False},
            **(settings or {}),
        }
        self._configuration.write_text(json.dumps(configuration, indent=1))

    @property
    def root(self) -> str:
        """The address of its own REST API."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def url(self) -> str:
        """The address of its DICOMweb services."""
        return f"{self.root}/dicom-web"

    def start(self, within_s: float = 60) -> None:
        """Start it; returns once it answers by HTTP and takes DICOM associations."""
        program = _program()
        assert program is not None
        with (self.folder / "orthanc.log").open("ab") as log:
            # No shell's proxy settings: whatever it sends stays on loopback.
            environment = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
            self.process = subprocess.Popen(
                [program, str(self._configuration)], stdout=log, stderr=log, env=environment
            )
        deadline = time.monotonic() + within_s
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                tail = (self.folder / "orthanc.log").read_text(errors="replace")[-2000:]
                raise RuntimeError(f"Orthanc did not start:\n{tail}")
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            self.rest("GET", "/system")
            socket.create_connection(("127.0.0.1", self.dicom_port), timeout=1).close()
        except (requests.RequestException, OSError):
            return False
        return True

    def kill(self) -> None:
        """End it as a power failure would (SIGKILL)."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it as an administrator would."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(signal.SIGCONT)  # a stopped process would not hear SIGTERM
        process.send_signal(number)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def pause(self) -> None:
        """Let it hang: connections are taken by the system, and nothing answers."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def rest(self, method: str, path: str, body: Any = None, within_s: float = 30) -> Any:
        """What its REST API answers: parsed JSON, or bytes for anything else."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        with requests.Session() as asking:
            asking.trust_env = False
            answer = asking.request(
                method,
                self.root + path,
                data=data,
                auth=(USER, PASSWORD) if self.login else None,
                timeout=within_s,
            )
        answer.raise_for_status()
        json_type = answer.headers.get("Content-Type", "").startswith("application/json")
        return answer.json() if json_type and answer.content else answer.content

    def add(self, film: bytes) -> str:
        """Put a DICOM file in; its id in Orthanc's REST API."""
        return str(self.rest("POST", "/instances", film)["ID"])

    def connect(self, name: str, aet: str, port: int) -> None:
        """Make a DICOM node on this machine known as a modality (it outlives a restart)."""
        self.rest("PUT", f"/modalities/{name}", {"AET": aet, "Host": "127.0.0.1", "Port": port})

    def send(self, name: str, instances: list[str], within_s: float = 120) -> None:
        """C-STORE instances to a modality; raises requests.HTTPError if it did not take them."""
        asked = {"Resources": instances, "Synchronous": True}
        self.rest("POST", f"/modalities/{name}/store", asked, within_s)

    def instances(self, **query: str) -> list[str]:
        """Ids of all instances, or of those whose tags are as asked (`Modality="SR"`)."""
        if not query:
            return list(self.rest("GET", "/instances"))
        return list(self.rest("POST", "/tools/find", {"Level": "Instance", "Query": query}))

    def tags(self, instance: str) -> dict[str, Any]:
        """The header of an instance by keywords."""
        return dict(self.rest("GET", f"/instances/{instance}/simplified-tags"))

    def file(self, instance: str) -> bytes:
        """The DICOM file of an instance."""
        return bytes(self.rest("GET", f"/instances/{instance}/file"))
