"""docs/performance.md, made of reports."""

import pathlib
import statistics

import fleet
import inprocess
import runs
import shares
import targets

HEAD = """# Performance

Made by `benches/performance/run` from the reports of the fleet benchmark (`../shared/fleet`): a kube-apiserver, etcd, a registry and the
operator on the same machine. Times are ratios to the floor: an operator that does nothing but the three writes of an ideal one, measured in
the same sitting. Sittings: {count}; a figure of several is the median, with the lowest and highest behind it. Counts are exact.

Machine: {machine}. Commit: {commit}.

| What | Target | Figure | | |
|---|---|---|---|---|
"""
BUSY = 0.05


def render(directory: pathlib.Path) -> str:
    """The page of all reports in a directory: `NAME.1.json`, `NAME.2.json` and so on."""
    first = next(iter(sorted(directory.glob("*.json"))))
    counts = {len(list(directory.glob(f"{run.name}.[0-9]*.json"))) for run in runs.RUNS} - {0}
    rows = [row(target, directory) for target in targets.TARGETS]
    count = " or ".join(map(str, sorted(counts)))
    commit = (directory / "commit").read_text()
    head = HEAD.format(count=count, machine=fleet.machine(first), commit=commit)
    notes = pathlib.Path(__file__).with_name("notes.md").read_text()
    return head + "\n".join(rows) + "\n" + notes + shares.section(directory) + inprocess.section(directory) + "\n" + commands() + busy(directory)


def row(target: targets.Target, directory: pathlib.Path) -> str:
    """One promise and whether it is kept."""
    figures = [figure for report in reports(target.run, directory) if (figure := taken(target, report)) is not None]
    sign = ">=" if target.least else "<="
    unit = "x" if target.ratio else target.unit
    wanted = "-" if target.limit is None else f"{sign} {number(target.limit)} {unit}"
    if not figures:
        return f"| {target.what} | {wanted} | not measured | - | `{target.run}` |"
    middle = statistics.median(figures)
    spread = "" if min(figures) == max(figures) else f" ({number(min(figures))} to {number(max(figures))})"
    return f"| {target.what} | {wanted} | {number(middle)} {unit}{spread} | {verdict(target, middle)} | `{target.run}` |"


def verdict(target: targets.Target, middle: float) -> str:
    """Whether a figure keeps what is promised, if anything is."""
    if target.limit is None:
        return "-"
    kept = middle >= target.limit if target.least else middle <= target.limit
    return "pass" if kept else "**fail**"


def taken(target: targets.Target, report: pathlib.Path) -> float | None:
    """The figure of one report; none where the scenario did not converge."""
    found = fleet.values(report)
    ours = found.get(target.scenario)
    if not ours:
        return None
    figure = target.figure(ours)
    if not target.ratio:
        return figure
    base = found.get(target.floor_scenario) if target.floor_scenario else floor(target, report)
    return figure / target.figure(base) if base else None


def floor(target: targets.Target, report: pathlib.Path) -> dict[str, float] | None:
    """The floor's values of the same sitting."""
    run = next(run for run in runs.RUNS if run.name == target.run)
    sitting = report.suffixes[0]
    return fleet.values(report.with_name(f"{run.floor}{sitting}.json")).get(target.scenario)


def reports(name: str, directory: pathlib.Path) -> list[pathlib.Path]:
    """All reports of a run."""
    return sorted(directory.glob(f"{name}.[0-9]*.json"))


def commands() -> str:
    """How each run is repeated."""
    lines = [f"| `{run.name}` | `{run.flags}`{f', the operator also `{run.operator}`' if run.operator else ''} | {f'`{run.floor}`' if run.floor else '-'} | {run.who} |" for run in runs.FLOORS + runs.RUNS]
    head = "## How to repeat\n\n`benches/performance/run --only NAME` measures one run and its floor, and writes this page anew.\n\n"
    return head + "| Run | Flags of `fleet run` | Beside | Operator |\n|---|---|---|---|\n" + "\n".join(lines) + "\n"


def busy(directory: pathlib.Path) -> str:
    """Which runs were disturbed."""
    disturbed = []
    for report in sorted(directory.glob("*.json")):
        cores = fleet.cores(report)
        for scenario, found in fleet.values(report).items():
            share = found.get("foreign_cpu", 0) / max(found.get("window", 1) * cores, 1e-9)
            if share > BUSY:
                disturbed.append(f"`{report.stem}` {scenario} ({share:.0%})")
    if not disturbed:
        return ""
    return f"\nOther processes took more than {BUSY:.0%} of the machine during: " + ", ".join(disturbed) + ".\n"


def number(value: float) -> str:
    """Three digits that count."""
    return f"{value:.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
