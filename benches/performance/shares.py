"""Who of a fleet run takes how much processor time: the API server, etcd, the benchmark with its registry, the operator."""

import json
import os
import pathlib
import statistics
import threading
import typing

TICKS = os.sysconf("SC_CLK_TCK")
PAUSE = 0.25
WHO = ("API server", "etcd", "benchmark", "operator")

Shares = dict[str, float]


class Watch:
    """Looks at a run until it or its first operator has ended: what is counted begins with the last look before that operator."""

    def __init__(self, fleet: int, controlplane: pathlib.Path, operator: pathlib.Path):
        self.fleet, self.controlplane, self.operator = fleet, str(controlplane), str(operator)
        self.before: Shares = {}
        self.last: Shares = {}
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.look)

    def __enter__(self) -> "Watch":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()

    def look(self) -> None:
        """Once in a while."""
        first = 0
        while not self.ended.wait(PAUSE):
            operator, shares = self.shares()
            if first and operator != first:
                return
            first = operator
            if operator:
                self.last = shares
            else:
                self.before = shares

    def shares(self) -> tuple[int, Shares]:
        """The operator, 0 where there is none, and what each has taken so far, in seconds."""
        operator, shares = 0, dict.fromkeys(WHO, 0.0)
        for pid in [self.fleet, *children(self.fleet)]:
            who = self.who(pid)
            if who:
                shares[who] += seconds(pid)
            operator = pid if who == "operator" else operator
        return operator, shares

    def who(self, pid: int) -> str | None:
        """As the page calls it; None for what has ended or not yet begun."""
        if pid == self.fleet:
            return "benchmark"
        command = read(pid, "cmdline").split("\0")
        if command[0] == self.operator:
            return "operator"
        if command[0] != self.controlplane:
            return None
        return "etcd" if command[1:2] == ["etcd"] else "API server"

    def write(self, report: pathlib.Path) -> None:
        """Beside the report of the run."""
        if self.last:
            taken = {who: self.last[who] - self.before.get(who, 0) for who in WHO}
            report.with_suffix(".shares").write_text(json.dumps(taken))


def read(pid: int, name: str) -> str:
    """A file of /proc; nothing where the process has ended."""
    try:
        return (pathlib.Path("/proc") / str(pid) / name).read_text(errors="replace")
    except OSError:
        return ""


def fields(pid: int) -> list[str]:
    """Those of /proc/PID/stat behind the name: state, parent and so on."""
    return read(pid, "stat").rpartition(")")[2].split()


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit() and fields(int(entry))[1:2] == [str(pid)]]


def seconds(pid: int) -> float:
    """Processor time, user and system."""
    found = fields(pid)
    return (int(found[11]) + int(found[12])) / TICKS if found else 0.0


def section(directory: pathlib.Path) -> str:
    """What a cold start of `mixed` takes, beside the least that does the same."""
    measured = {name: sittings(run, directory) for name, run in (("floor", "floor-mixed"), ("bare", "bare-mixed"), ("Sluice", "mixed"))}
    if not all(measured.values()):
        return ""
    rows: list[tuple[str, typing.Callable[[Shares], float]]] = [(who, lambda shares, who=who: shares[who]) for who in WHO]
    rows.append(("all", lambda shares: sum(shares.values())))
    lines = "\n".join(f"| {name} | " + " | ".join(f"{statistics.median(map(figure, of)):.2f}" for of in measured.values()) + " |" for name, figure in rows)
    return (
        "\n## What a cold start of `mixed` takes\n\n"
        "Seconds of processor time from the start of the operator until it is quiet, its events included; medians. `bare` is the least that\n"
        "does the same (`benches/bare`): one read of the Secret, the requests, a file and the three writes of each object, made with the same\n"
        "crates, without archives, limits or recovery.\n\n"
        f"| | {' | '.join(measured)} |\n|---|{'---|' * len(measured)}\n{lines}\n"
    )


def sittings(name: str, directory: pathlib.Path) -> list[Shares]:
    """What was found of a run."""
    return [json.loads(path.read_text()) for path in sorted(directory.glob(f"{name}.[0-9]*.shares"))]
