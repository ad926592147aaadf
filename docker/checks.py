"""What every service is held to: its rights, and where it listens."""

from pathlib import Path

from clean_root import report
from container import Container


class Checks:
    """The checks of a rehearsal, and which of them failed.

    Parameters
    ----------
    notebooks
        Names of notebooks to run where Jupyter is.
    """

    def __init__(self, notebooks: list[str]) -> None:
        self.notebooks = notebooks
        self.failed: list[str] = []

    def hold(self, what: str, held: bool, found: object = "") -> None:
        """One line, and the check remembered if it failed."""
        report(f"{'ok    ' if held else 'FAILED'} {what}", str(found))
        if not held:
            self.failed.append(what)

    def rights(self, running: Container, writable: dict[str, bool]) -> None:
        """Whose processes these are, and what they may write."""
        lines = Path(f"/proc/{running.pid}/status").read_text().splitlines()
        facts = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        self.hold("not root", facts["Uid"].split() == ["1000"] * 4, facts["Uid"])
        caps = {facts[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}
        self.hold("no capabilities", caps == {"0" * 16}, *caps)
        self.hold("no new privileges", facts["NoNewPrivs"] == "1", facts["NoNewPrivs"])
        for path, may in writable.items():
            done = running.run("sh", "-c", f"touch {path}/probe && rm {path}/probe")
            self.hold(
                f"{path} can {'' if may else 'not '}be written to",
                (done.returncode == 0) == may,
                done.stderr.strip(),
            )

    def ports(self, running: Container, reached: set[int], published: list[str]) -> None:
        """The ports that are open beyond 127.0.0.1, and what compose.yaml publishes of them."""
        # local addresses of listening sockets: hexadecimal, a port after a colon
        rows = []
        for table in ("tcp", "tcp6"):
            lines = Path(f"/proc/{running.pid}/net/{table}").read_text().splitlines()[1:]
            rows += [line.split() for line in lines]
        heard = sorted({row[1] for row in rows if row[3] == "0A"})
        loopback = ("0100007F", "0" * 24 + "01000000")
        beyond = {int(each.split(":")[1], 16) for each in heard if not each.startswith(loopback)}
        self.hold("no other port is open beyond 127.0.0.1", beyond == reached, " ".join(heard))
        found = running.service.get("ports", [])
        self.hold("published on 127.0.0.1 alone, if at all", found == published, found)
