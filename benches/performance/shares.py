"""Who of a fleet run takes how much processor time: the API server, etcd, the benchmark with its registry, the operator."""

import dataclasses
import json
import os
import pathlib
import statistics
import threading

TICKS = os.sysconf("SC_CLK_TCK")
PAUSE = 0.25
WHO = ("API server", "etcd", "benchmark", "operator")


@dataclasses.dataclass(frozen=True)
class Process:
    """A line of /proc: its parent, what it was started as, and its seconds of processor time."""

    parent: int
    command: list[str]
    seconds: float

    @staticmethod
    def read(pid: int) -> "Process | None":
        """None where it has ended, waited for or not."""
        folder = pathlib.Path("/proc") / str(pid)
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_text().split("\0")
        except OSError:
            return None
        return Process(int(fields[1]), command, (int(fields[11]) + int(fields[12])) / TICKS) if command[0] else None


class Watch:
    """Looks at a run until it has ended; the life of its first operator is what counts."""

    def __init__(self, fleet: int, controlplane: pathlib.Path):
        self.fleet, self.controlplane = fleet, str(controlplane)
        self.first: dict[str, float] = {}
        self.last: dict[str, float] = {}
        self.operator = 0
        self.thread = threading.Thread(target=self.look)
        self.ended = threading.Event()

    def __enter__(self) -> "Watch":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()

    def look(self) -> None:
        """Until the operator has ended, or the run."""
        while not self.ended.wait(PAUSE):
            found = self.processes()
            operator = next((pid for pid, (who, _) in found.items() if who == "operator"), 0)
            if self.operator and operator != self.operator:
                return
            if operator:
                self.operator = operator
                self.last = {who: sum(seconds for other, seconds in found.values() if other == who) for who in WHO}
                self.first = self.first or self.last

    def processes(self) -> dict[int, tuple[str, float]]:
        """The run and its children."""
        pids = [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]
        read = {pid: process for pid in pids if (process := Process.read(pid))}
        return {pid: (self.who(pid, process), process.seconds) for pid, process in read.items() if self.fleet in (pid, process.parent)}

    def who(self, pid: int, process: Process) -> str:
        """As the page calls it."""
        if pid == self.fleet:
            return "benchmark"
        if process.command[0] != self.controlplane:
            return "operator"
        return "etcd" if process.command[1:2] == ["etcd"] else "API server"

    def write(self, report: pathlib.Path) -> None:
        """Beside the report of the run."""
        taken = {who: self.last.get(who, 0) - self.first.get(who, 0) for who in WHO}
        report.with_suffix(".shares").write_text(json.dumps(taken))


def taken(name: str, directory: pathlib.Path) -> dict[str, float]:
    """The median over all sittings of a run, in seconds."""
    found = [json.loads(path.read_text()) for path in sorted(directory.glob(f"{name}.[0-9]*.shares"))]
    return {who: statistics.median(shares[who] for shares in found) for who in WHO} if found else {}


def section(directory: pathlib.Path) -> str:
    """What a cold start of `mixed` takes, and what is left to an operator there."""
    floor, ours = taken("floor-mixed", directory), taken("mixed", directory)
    if not floor or not ours:
        return ""
    whole = sum(floor.values())
    others = sum(ours.values()) - ours["operator"]
    rows = "\n".join(f"| {who} | {floor[who]:.2f} | {ours[who]:.2f} |" for who in WHO)
    return (
        "\n## What a cold start of `mixed` takes\n\n"
        "Seconds of processor time from the start of the operator until it is quiet, its events included; medians.\n\n"
        f"| | floor | Sluice |\n|---|---|---|\n{rows}\n| all | {whole:.2f} | {sum(ours.values()):.2f} |\n\n"
        f"With an operator that takes nothing, the others alone would take {others / whole:.2f} times the floor.\n"
    )
