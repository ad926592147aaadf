"""A `spinescan node` as a user starts it, beside an archive that takes its results."""

import contextlib
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, build_context, evt

COMMAND = [sys.executable, "-c", "from spinescan.app.main import cli; cli()", "node"]
REPORTS, CAPTURES = "1.2.840.10008.5.1.4.1.1.88.33", "1.2.840.10008.5.1.4.1.1.7"
_LISTENS = re.compile(r" at 127\.0\.0\.1:(\d+) - ")


@dataclass(slots=True)
class RunningNode:
    """The process, where it listens, and what it has said."""

    process: "subprocess.Popen[str]"
    port: int
    lines: list[str] = field(default_factory=list)

    def stop(self, how: int = signal.SIGTERM) -> int:
        """End it; its exit code."""
        self.process.send_signal(how)
        return self.process.wait(60)


def started(folder: Path, destination: str, *options: str) -> RunningNode:
    """A node that listens, on a port of its own."""
    words = [*COMMAND, "--port", "0", "--data", str(folder), "--send-to", destination, *options]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    lines: list[str] = []
    for line in process.stderr:
        lines.append(line)
        if found := _LISTENS.search(line):
            break
    else:
        raise RuntimeError("".join(lines))
    node = RunningNode(process, int(found[1]), lines)
    threading.Thread(target=_listen, args=(node,), daemon=True).start()
    return node


def _listen(node: RunningNode) -> None:
    assert node.process.stderr is not None
    node.lines.extend(node.process.stderr)
    node.process.stderr.close()


@dataclass(slots=True)
class Archive:
    """A C-STORE SCP that counts what it is sent: times by SOP Instance UID, and studies."""

    port: int = 0
    delay_s: float = 0.0
    times: Counter[str] = field(default_factory=Counter)
    reports: dict[str, str] = field(default_factory=dict)
    captures: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As `--send-to` takes it."""
        return f"PACS@127.0.0.1:{self.port}"

    def _store(self, event: Any) -> int:
        time.sleep(self.delay_s)
        found = event.dataset
        uid = str(found.SOPInstanceUID)
        kept = self.reports if found.SOPClassUID == REPORTS else self.captures
        kept[uid] = str(found.StudyInstanceUID)
        self.times[uid] += 1
        return 0

    @contextlib.contextmanager
    def listening(self) -> Iterator["Archive"]:
        """Take results."""
        plain = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
        server = AE(ae_title="PACS").start_server(
            ("127.0.0.1", self.port),
            block=False,
            contexts=[build_context(kind, plain) for kind in (REPORTS, CAPTURES)],
            evt_handlers=[(evt.EVT_C_STORE, self._store)],
        )
        assert server is not None
        self.port = int(server.server_address[1])
        try:
            yield self
        finally:
            server.shutdown()
