"""Starts `fleet run` for the operator and for its floor, and reads the reports."""

import json
import pathlib
import shlex
import subprocess

import runs
import shares

SLUICE = (
    "RUNTIME_NAMESPACE=flux-system {binary} run --storage-path={{data}} --storage-addr=127.0.0.1:{{port}}"
    " --storage-adv-addr=127.0.0.1:{{port}} --metrics-addr=127.0.0.1:{{metrics_port}}"
    " --health-addr=127.0.0.1:{{health_port}} --watch-all-namespaces --enable-leader-election=false"
    " --events-addr= --concurrent=10"
)
NULL = "{binary} null --addr=127.0.0.1:{{port}} --health-addr=127.0.0.1:{{health_port}}"
BARE = "{binary} {{data}} 127.0.0.1:{{port}} 127.0.0.1:{{health_port}}"
COMMANDS = {"sluice": SLUICE, "null": NULL, "bare": BARE}


class Fleet:
    """The benchmark's binary, the control plane and the operators that it starts, by who is measured."""

    def __init__(self, root: pathlib.Path, fleet: pathlib.Path, controlplane: pathlib.Path, operators: dict[str, pathlib.Path], work: pathlib.Path):
        self.root, self.fleet, self.controlplane, self.operators, self.work = root, fleet, controlplane, operators, work

    def measure(self, run: runs.Run, out: pathlib.Path) -> None:
        """One measurement; its report is written to `out`. A run that does not converge leaves what it has.

        Its files stay in `work`: without a journal, ext4 gives no inode away again within five minutes of its removal, and searches
        past all of these for each new file. The files of one run would slow down the next.
        """
        binary = self.operators[run.who]
        command = COMMANDS[run.who].format(binary=binary)
        arguments = [self.fleet, "run", "--controlplane", self.controlplane, "--crds", self.root / "crds/yaml"]
        arguments += ["--name", run.name, "--out", out, "--keep", "--work", self.work, *shlex.split(run.flags), "--operator", f"{command} {run.operator}".strip()]
        log = out.with_suffix(".log")
        out.with_suffix(".shares").unlink(missing_ok=True)
        with log.open("w") as output, subprocess.Popen(list(map(str, arguments)), cwd=self.root, stdout=output, stderr=subprocess.STDOUT) as started:
            if run.shares:
                with shares.Watch(started.pid, self.controlplane, binary) as watch:
                    ended = started.wait()
                if ended == 0:
                    watch.write(out)
            ended = started.wait()
        if ended != 0:
            print(f"  {run.name}: fleet ended with {ended}, see {log}", flush=True)


def values(report: pathlib.Path) -> dict[str, dict[str, float]]:
    """The values of a report, by scenario."""
    if not report.exists():
        return {}
    results = json.loads(report.read_text())["Results"]
    return {result["Scenario"]: {v["Key"]: v["Value"] for v in result.get("Values") or []} for result in results}


def cores(report: pathlib.Path) -> int:
    """How many processors the report was measured on."""
    return json.loads(report.read_text())["Machine"]["Cores"]


def machine(report: pathlib.Path) -> str:
    """What the report was measured on."""
    found = json.loads(report.read_text())["Machine"]
    return f"{found['Cores']} cores ({found['CPU']}), {found['MemoryGB']} GiB, Linux {found['Kernel'].split('-')[0]}"
