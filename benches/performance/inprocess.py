"""Runs the benchmarks of `cargo bench` and keeps the lines that say what was found."""

import pathlib
import re
import subprocess

NAMES = ("fleet", "store", "unpack", "machine")
FOUND = re.compile(r"^(\||(attempt|pass|store|unpack)/[\w -]+: |machine/\w+ +time: )")


def measure(root: pathlib.Path, reports: pathlib.Path) -> None:
    """Runs each of them; one that fails ends all."""
    for name in NAMES:
        print(f"cargo bench --bench {name}", flush=True)
        command = ["cargo", "bench", "--locked", "--bench", name]
        ran = subprocess.run(command, cwd=root, check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        lines = [line for line in (ran.stdout + ran.stderr).splitlines() if FOUND.match(line)]
        (reports / f"bench-{name}.txt").write_text("\n".join(lines) + "\n")


def section(reports: pathlib.Path) -> str:
    """What was found, as a section of the page: tables as they are, lines as they were printed."""
    kept = [path for name in NAMES if (path := reports / f"bench-{name}.txt").exists()]
    if not kept:
        return ""
    found = [line for path in kept for line in path.read_text().splitlines()]
    table = [line for line in found if line.startswith("|")]
    lines = [line for line in found if not line.startswith("|")]
    head = "\n## In one process\n\nA registry, a cluster that takes no time and the operator in one process; counts are exact, times are compared with the least that\ncan be done. `cargo bench --bench NAME` repeats one of them.\n\n"
    return head + "\n".join(table) + "\n\n```text\n" + "\n".join(lines) + "\n```\n"
