"""The runs of the fleet benchmark: what is started, with which flags, and beside which floor."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Run:
    """One call of `fleet run`. `floor` names the run of the null operator that is measured in the same sitting.

    Both texts are split as a shell would; `operator` is what the operator is given beside the usual. `shares` asks who takes the
    processor time. `who` is measured: `sluice`, the floor `null`, or `bare`, the least that does the same (`benches/bare`).
    """

    name: str
    flags: str
    floor: str | None = None
    operator: str = ""
    shares: bool = False
    who: str = "sluice"


WEBHOOK = (
    "--apply benches/performance/hook.yaml"
    " --hook-path-from 'sluice.dev/v1alpha1/registrywebhooks flux-system/fleet .status.path'"
    " --hook-url 'http://127.0.0.1:{hook_port}{hook_path}' --hook-header 'Authorization: Bearer what-only-the-fleet-knows'"
)

FLOORS = [
    Run("floor-500", "-n 500 --shape distinct --scenarios cold,burst,restart", who="null"),
    Run("floor-1000", "-n 1000 --shape distinct --scenarios cold", who="null"),
    Run("floor-3000", "-n 3000 --shape same --scenarios cold", who="null"),
    Run("floor-nudge", "-n 500 --shape distinct --scenarios nudge --nudges 50", who="null"),
    Run("floor-mixed", "-n 500 --hosts 20 --scenarios mixed", shares=True, who="null"),
]

RUNS = [
    Run("same-1000", "-n 1000 --shape same --scenarios cold", "floor-1000"),
    Run("distinct-1000", "-n 1000 --shape distinct --scenarios cold", "floor-1000"),
    Run("distinct-500", "-n 500 --shape distinct --payload-mib 200 --scenarios cold,burst,restart,wipe,serve", "floor-500"),
    Run("latency-500", "-n 500 --shape distinct --latency 20ms --scenarios cold", "floor-500"),
    Run("same-3000", "-n 3000 --shape same --scenarios cold", "floor-3000"),
    Run("identities", "-n 500 --shape same --identities 100 --auth token --scenarios cold"),
    Run("distinct-identities", "-n 500 --shape same --identities 100 --distinct-identities --auth token --scenarios cold"),
    Run("steady-tag", "-n 200 --shape distinct --scenarios steady --auth token"),
    Run("steady-tls", "-n 200 --shape distinct --scenarios steady --auth token --tls"),
    Run("steady-semver", "-n 100 --shape distinct --ref semver --scenarios steady --auth token"),
    Run("neighbour", "-n 100 --shape distinct --scenarios nudge,neighbour"),
    Run("neighbour-hang", "-n 100 --shape distinct --hang --scenarios nudge,neighbour"),
    Run("nudge", "-n 500 --shape distinct --scenarios nudge --nudges 50", "floor-nudge"),
    Run("bare-nudge", "-n 500 --shape distinct --scenarios nudge --nudges 50", "floor-nudge", who="bare"),
    Run("webhook", f"-n 500 --shape distinct --scenarios nudge --nudges 50 {WEBHOOK}", "floor-nudge", operator="--webhook-addr=127.0.0.1:{hook_port}"),
    Run("outage", "-n 200 --shape distinct --scenarios outage"),
    Run("throttle", "-n 200 --shape distinct --scenarios throttle"),
    Run("mixed", "-n 500 --hosts 20 --scenarios mixed", "floor-mixed", shares=True),
    Run("bare-mixed", "-n 500 --hosts 20 --scenarios mixed", "floor-mixed", shares=True, who="bare"),
    Run("large", "--scenarios large"),
    Run("large-1024", "--payload-mib 1024 --scenarios large"),
    Run("steady-10000", "-n 10000 --shape same --scenarios steady --steady-interval 10m --timeout 10m"),
]
