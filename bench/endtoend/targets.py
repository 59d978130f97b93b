"""What was to be reached, and whether this run's figures say so: nothing here is known but the targets."""
import statistics

from .engines import HEV, ORIGINAL, OURS, RELAY
from .report import ratio, values
from .rows import METRICS, Bulk, Bypass, Datagrams, Memory, Requests, Start, Talk

OF_THE_RELAY = 0.95      # enough where the relay itself misses a ratio to a rival
ARRIVED_PERCENT = 98     # of datagrams, enough whatever a rival does
HARM = 2                 # times the p99 before: what a change of the bypass list may do to others on a busy machine


def reaches(value, needed, key):
    return value >= needed if METRICS[key].more_is_better else value <= needed


class Beside:
    """The median ratio of ours to another's."""

    def __init__(self, key, other, needed):
        self.key, self.other, self.needed = key, other, needed
        self.wanted = f"{'at least' if METRICS[key].more_is_better else 'at most'} {needed:g} x {other}"

    def judge(self, engines):
        """The figure as a number, as text, and whether it is good; None where it was not measured."""
        ours = engines.get(OURS, [])
        value = ratio(ours, engines.get(self.other, []), self.key)
        if value is None:
            return None
        if reaches(value, self.needed, self.key) or self.other != HEV:
            return value, f"{value:.2f}", reaches(value, self.needed, self.key)
        return self._beside_the_relay(value, ours, engines)

    def _beside_the_relay(self, value, ours, engines):
        """Where the relay itself misses the ratio to a rival, it is the measure."""
        relay = engines.get(RELAY, [])
        limit, own = ratio(relay, engines[HEV], self.key), ratio(ours, relay, self.key)
        if None in (limit, own) or reaches(limit, self.needed, self.key):
            return value, f"{value:.2f}", False
        enough = OF_THE_RELAY if METRICS[self.key].more_is_better else 1 / OF_THE_RELAY
        return value, f"{value:.2f} (the relay: {limit:.2f})", reaches(own, enough, self.key)


class Over:
    """How far the median of ours is above another's."""

    def __init__(self, key, other, most):
        self.key, self.other, self.most = key, other, most
        self.wanted = f"at most {most} over {other}"

    def judge(self, engines):
        ours, others = (values(engines.get(name, []), self.key) for name in (OURS, self.other))
        if not ours or not others:
            return None
        value = statistics.median(ours) - statistics.median(others)
        return value, f"{value:+.0f}", value <= self.most


class Most:
    """The median of ours by itself."""

    def __init__(self, key, most):
        self.key, self.most = key, most
        self.wanted = f"at most {most:,}"

    def judge(self, engines):
        ours = values(engines.get(OURS, []), self.key)
        if not ours:
            return None
        value = statistics.median(ours)
        return value, f"{value:.{METRICS[self.key].digits}f}", value <= self.most


class Arrived:
    """Datagrams: a ratio to a rival, or nearly all of them."""

    key = "arrived"
    wanted = f"at least 1.5 x {HEV}, or {ARRIVED_PERCENT} % arrived"

    def judge(self, engines):
        ours = values(engines.get(OURS, []), self.key)
        if not ours:
            return None
        beside = Beside("gbits", HEV, 1.5).judge(engines)
        value = statistics.median(ours)
        text = f"{value:.1f} %" + (f" ({beside[1]})" if beside else "")
        return value, text, value >= ARRIVED_PERCENT or bool(beside and beside[2])


class Unharmed:
    """Round trips during changes of the bypass list, beside those before."""

    key = "p99"
    wanted = f"at most {HARM} x that before"

    def judge(self, engines):
        ratios = [turn["p99"] / turn["quiet"] for turn in engines.get(OURS, []) if turn]
        if not ratios:
            return None
        value = statistics.median(ratios)
        return value, f"{value:.2f}", value <= HARM


def bulk(upstream="socks5", direction="", loss=0):
    return lambda row: (isinstance(row, Bulk) and row.upstream == upstream and row.loss == loss
                        and row.direction.startswith(direction))


def talk(word):
    return lambda row: isinstance(row, Talk) and word in row.name


def kind(of):
    return lambda row: isinstance(row, of)


TARGETS = (
    ("throughput", bulk(), Beside("gbits", RELAY, OF_THE_RELAY)),
    ("throughput, up", bulk(direction="up"), Beside("gbits", HEV, 1.8)),
    ("throughput, down", bulk(direction="down"), Beside("gbits", HEV, 2.3)),
    ("throughput, both ways", bulk(direction="both"), Beside("gbits", HEV, 1.8)),
    ("CPU-s/GB", bulk(), Beside("cpu", RELAY, 1.1)),
    ("CPU-s/GB", bulk(), Beside("cpu", HEV, 0.42)),
    ("CPU-s/GB in user mode", bulk(), Most("user", 0.08)),
    ("datagrams", kind(Datagrams), Arrived()),
    ("round trip, p50", talk("round trip"), Beside("p50", HEV, 1)),
    ("round trip, p50, us", talk("round trip"), Over("p50", RELAY, 25)),
    ("round trip, p99", talk("round trip"), Beside("p99", HEV, 1)),
    ("round trip, p99, us", talk("round trip"), Over("p99", RELAY, 25)),
    ("connections a second", talk("connections"), Beside("rate", HEV, 1.3)),
    ("HTTP requests a second", kind(Requests), Beside("rate", HEV, 1.2)),
    ("throughput at 1 % loss", bulk(loss=1), Beside("gbits", HEV, 10)),
    ('start to "active", ms', kind(Start), Most("active", 200)),
    ("resident, idle, MB", kind(Memory), Most("idle", 60)),
    ("resident, 2,000 idle flows, MB", kind(Memory), Most("flows", 90)),
    ("resident, 100 stalled flows, MB", kind(Memory), Most("stalled", 180)),
    ("10,000 bypass entries added, ms", kind(Bypass), Most("add", 300)),
    ("10,000 bypass entries replaced, ms", kind(Bypass), Most("replace", 300)),
    ("10,000 bypass entries cleared, ms", kind(Bypass), Most("clear", 300)),
    ("others' p99 meanwhile", kind(Bypass), Unharmed()),
    ("through the broker, throughput", bulk("h2c"), Beside("gbits", ORIGINAL, 1.5)),
    ("through the broker, CPU-s/GB", bulk("h2c"), Beside("cpu", ORIGINAL, 0.25)),
)


def table(figures):
    """(head, lines), a line for each target; figures: {row: {engine's name: turns}}."""
    lines = []
    for what, concerns, target in TARGETS:
        judged = [(row, target.judge(engines)) for row, engines in figures.items() if concerns(row)]
        judged = [(row, *judgement) for row, judgement in judged if judgement]
        if judged:
            lines.append([what, target.wanted, spread(judged), verdict(judged)])
    return ["what", "was to be", "is", ""], lines


def spread(judged):
    ordered = sorted(judged, key=lambda one: one[1])
    ends = [ordered[0][2]] + ([ordered[-1][2]] if len(ordered) > 1 else [])
    return " .. ".join(ends)


def verdict(judged):
    missed = [f"{row.name}: {text}" for row, _, text, good in judged if not good]
    if not missed:
        return "met"
    if len(judged) == 1:
        return "missed"
    return f"missed in {len(missed)} of {len(judged)} ({'; '.join(missed)})"
