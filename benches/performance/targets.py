"""The rows of the page: what is promised, and how a figure is taken from the values of a run."""

import dataclasses
import typing

Values = dict[str, float]


@dataclasses.dataclass(frozen=True)
class Target:
    """A promise, or without `limit` a figure beside one. `figure` takes the values of one scenario of ours, and of the floor where
    `ratio` says so."""

    what: str
    run: str
    scenario: str
    figure: typing.Callable[[Values], float]
    unit: str
    limit: float | None
    ratio: bool = False
    floor_scenario: str | None = None
    least: bool = False


def value(key: str) -> typing.Callable[[Values], float]:
    """The value of this key; a request or write that never happened has none, and is 0."""
    return lambda values: values.get(key, 0.0)


def above(key: str, base: str) -> typing.Callable[[Values], float]:
    """How far one value lies above another."""
    return lambda values: values[key] - values[base]


def ratio(what: str, run: str, scenario: str, key: str, limit: float | None) -> Target:
    """A time that may be so many times that of the floor."""
    return Target(what, run, scenario, value(key), "s", limit, ratio=True)


def most(what: str, run: str, scenario: str, key: str, unit: str, limit: float) -> Target:
    """A value that has a highest."""
    return Target(what, run, scenario, value(key), unit, limit)


TARGETS = [
    ratio("cold, 1,000 objects of one artifact: all Ready", "same-1000", "cold", "all_ready", 1.25),
    ratio("cold, 1,000 distinct: all Ready", "distinct-1000", "cold", "all_ready", 1.5),
    ratio("cold, 500 distinct, 20 ms a registry request", "latency-500", "cold", "all_ready", 1.8),
    ratio("cold, 3,000 of one artifact: all Ready", "same-3000", "cold", "all_ready", 1.3),
    most("the same: peak memory", "same-3000", "cold", "peak_rss", "MiB", 60),
    ratio("burst, 500 distinct: all updated", "distinct-500", "burst", "updated_max", 1.5),
    most("API writes, a new object", "distinct-1000", "cold", "api_writes_per_object", "writes", 3),
    most("API writes, a new revision", "distinct-500", "burst", "api_writes_per_object", "writes", 2),
    most("API writes, unchanged passes", "steady-tag", "steady", "api_writes", "writes", 0),
    most("registry requests an object, one artifact", "same-1000", "cold", "registry_requests_per_object", "requests", 1.1),
    most("the same: downloads in all", "same-1000", "cold", "registry blob_get", "downloads", 1),
    most("registry requests an object, distinct", "distinct-1000", "cold", "registry_requests_per_object", "requests", 2.01),
    most("100 copies of one secret: requests an object, tokens included", "identities", "cold", "registry_requests_per_object", "requests", 1.2),
    most("the same: downloads", "identities", "cold", "registry blob_get", "downloads", 1),
    most("100 different secrets: requests an object", "distinct-identities", "cold", "registry_requests_per_object", "requests", 2.3),
    most("CPU an object, one artifact", "same-1000", "cold", "cpu_per_object", "ms", 2.5),
    most("CPU an object, distinct", "distinct-1000", "cold", "cpu_per_object", "ms", 2.5),
    Target("the same beside the floor's (0.6 ms where the target was set)", "distinct-1000", "cold", value("cpu_per_object"), "ms", 2.5 / 0.6, ratio=True),
    most("memory, idle", "same-1000", "cold", "idle_rss", "MiB", 20),
    most("memory, peak at 1,000 of one artifact", "same-1000", "cold", "peak_rss", "MiB", 45),
    most("memory, peak at 1,000 distinct", "distinct-1000", "cold", "peak_rss", "MiB", 45),
    most("bytes written, 1,000 of one artifact", "same-1000", "cold", "disk_written", "MiB", 10),
    most("bytes written, 1,000 distinct", "distinct-1000", "cold", "disk_written", "MiB", 30),
    most("steady, tag and token: requests a pass", "steady-tag", "steady", "requests_per_pass", "requests", 1.01),
    most("the same: connections a pass", "steady-tag", "steady", "connections_per_pass", "connections", 0.01),
    most("the same: CPU a pass", "steady-tag", "steady", "cpu_per_pass", "ms", 0.4),
    most("the same: memory", "steady-tag", "steady", "rss", "MiB", 30),
    most("steady, tag, token and TLS: memory", "steady-tls", "steady", "rss", "MiB", 35),
    most("steady, semver of 50 tags and token: requests a pass", "steady-semver", "steady", "requests_per_pass", "requests", 2.02),
    Target("nudge, p50", "nudge", "nudge", value("nudge_p50"), "ms", 1.6, ratio=True),
    Target("nudge, p95", "nudge", "nudge", value("nudge_p95"), "ms", 2, ratio=True),
    Target("nudge, p50, of the least that does as much (`benches/bare`)", "bare-nudge", "nudge", value("nudge_p50"), "ms", None, ratio=True),
    most("push by webhook, p50", "webhook", "nudge", "nudge_p50", "ms", 15),
    most("push by webhook, p95", "webhook", "nudge", "nudge_p95", "ms", 30),
    Target("the same beside the floor (8.1 ms where the target was set), p50", "webhook", "nudge", value("nudge_p50"), "ms", 15 / 8.1, ratio=True),
    Target("the same beside the floor (11 ms where the target was set), p95", "webhook", "nudge", value("nudge_p95"), "ms", 30 / 11, ratio=True),
    Target("neighbour (another registry resets), p50 beside that of nudge", "neighbour", "neighbour", value("nudge_p50"), "ms", 1.2, ratio=True, floor_scenario="nudge"),
    Target("neighbour (another registry hangs), p50 beside that of nudge", "neighbour-hang", "neighbour", value("nudge_p50"), "ms", 1.2, ratio=True, floor_scenario="nudge"),
    most("outage of 60 s, 200 objects: all recovered", "outage", "outage", "recovered_max", "s", 3.5),
    most("the same: attempts while it was down", "outage", "outage", "attempts_while_down", "attempts", 45),
    most("throttled (429, Retry-After 20): requests that did not wait", "throttle", "throttle", "requests_before_announced", "requests", 1),
    most("the same: recovered after the announced time", "throttle", "throttle", "recovered_after_announced", "s", 2),
    ratio("restart with data, 500: all served", "distinct-500", "restart", "served_max", 2),
    most("wipe, 500 distinct: all served", "distinct-500", "wipe", "served_max", "s", 3.5),
    ratio("mixed, 500 on 20 hosts, TLS and tokens: cold", "mixed", "mixed", "cold_ready_max", 1.6),
    most("the same: requests an object", "mixed", "mixed", "cold_requests_per_object", "requests", 3.5),
    most("the same, after a restart: peak requests a second of one host", "mixed", "mixed", "restart_peak_requests_per_second_per_host", "requests/s", 10),
    ratio("mixed, cold, of the least that does as much (`benches/bare`)", "bare-mixed", "mixed", "cold_ready_max", None),
    Target("serve, small artifacts (upstream: 42,000)", "distinct-500", "serve", value("small_requests_per_second"), "requests/s", 21000, least=True),
    Target("serve, a large artifact (upstream: 3,300)", "distinct-500", "serve", value("large_throughput"), "MiB/s", 1650, least=True),
    most("a layer of 200 MiB: Ready", "large", "large", "ready", "s", 3),
    Target("the same: memory above idle", "large", "large", above("peak_rss", "idle_rss"), "MiB", 64),
    Target("a layer of 1 GiB: memory above idle", "large-1024", "large", above("peak_rss", "idle_rss"), "MiB", 64),
    most("10,000 objects, steady: memory", "steady-10000", "steady", "rss", "MiB", 100),
]
