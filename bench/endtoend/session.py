"""One run: every engine, every row, turn by turn."""
import time

from .engines import OURS, UPSTREAMS, launch
from .net import Failed
from .rows import METRICS, Bulk, Bypass, Loaded, Memory, Start
from .servers import Servers

STARTS = 5
WARM_UP_SECONDS = 3


class Progress:
    """A line for each step, with the time left as the plan has it."""

    def __init__(self, seconds_planned):
        self.began = time.monotonic()
        self.planned = seconds_planned
        self.done = 0

    def step(self, seconds, text):
        self.done += seconds
        spent = time.monotonic() - self.began
        left = max(0, self.planned - self.done) * (spent / self.done)
        print(f"[{clock(spent)}, {clock(left)} left] {text}", flush=True)


def clock(seconds):
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


class Session:
    """
    figures: {row: {engine's name: [a turn's figures or None, ...]}}, None where a turn failed; failures says why. The
    rows and the engines are those that were chosen.
    """

    def __init__(self, chosen, net, engines, rows, binaries):
        self.net = net
        self.engines = engines
        self.binaries = binaries
        self.turns, self.seconds = chosen.turns, chosen.seconds
        self.congestion = chosen.congestion
        self.starts = min(STARTS, self.turns)
        self.rows = rows
        self.servers = Servers(net, binaries)
        self.figures = {row: {engine.name: [] for engine in engines if row.supports(engine)} for row in rows}
        self.failures = []
        self.insides = {(engine, upstream): net.add_inside(upstream == "direct")
                        for engine in engines for upstream in engine.upstreams
                        if any(row.upstream == upstream for row in rows)}
        self.progress = Progress(self._planned_seconds())

    def _planned_seconds(self):
        """Of all steps; as they say it themselves when they are done."""
        seconds = 0
        for row, engines in self.figures.items():
            if isinstance(row, (Start, Memory)):
                seconds += self.starts * len(engines) * row.seconds
            elif not isinstance(row, Loaded):
                seconds += self.turns * len(engines) * self._seconds(row)
        for upstream in UPSTREAMS:
            if self._turning(upstream):
                seconds += len(self._carrying(upstream)) * 2 * WARM_UP_SECONDS
        return seconds

    def _seconds(self, row):
        return 3 if isinstance(row, Bypass) else self.seconds + row.extra_seconds

    def _turning(self, upstream):
        return [row for row in self.rows
                if row.upstream == upstream and not isinstance(row, (Start, Memory, Loaded)) and self.figures[row]]

    def _carrying(self, upstream):
        return [engine for engine in self.engines if upstream in engine.upstreams]

    def run(self):
        for number in range(self.starts):
            for engine in self.engines:
                self._fresh(engine, number)
        for upstream in UPSTREAMS:
            if self._turning(upstream):
                self._carry(upstream)

    def _row(self, kind, engine, upstream="socks5"):
        return next((row for row in self.rows if isinstance(row, kind) and row.upstream == upstream
                     and engine.name in self.figures[row]), None)

    def _fresh(self, engine, number):
        rows = [row for row in (self._row(Start, engine), self._row(Memory, engine)) if row]
        if not rows:
            return
        try:
            way = launch(self.net, self.binaries, engine, self.insides[engine, "socks5"], "socks5")
        except (Failed, OSError) as failure:
            return self._fail(rows[0], engine, failure)
        for row in rows:
            try:
                figures = row.measure(self, way)
                self._note(row, engine, figures)
                self._say(row.seconds, row, engine, number, figures, self.starts)
            except (Failed, OSError) as failure:
                self._fail(row, engine, failure)
        way.stop()

    def _carry(self, upstream):
        ways = {}
        for engine in self._carrying(upstream):
            self._launch(ways, engine, upstream)
        for turn in range(self.turns):
            for row in self._turning(upstream):
                for engine in self.engines:
                    if engine.name in self.figures[row]:
                        self._turn(ways, engine, row, turn)
        for engine, way in ways.items():
            loaded = self._row(Loaded, engine, upstream)
            if loaded:
                self._note(loaded, engine, {"loaded": way.resident_mb()})
            way.stop()

    def _launch(self, ways, engine, upstream):
        """Starts an engine and lets it carry in both directions, once for all its turns."""
        try:
            way = launch(self.net, self.binaries, engine, self.insides[engine, upstream], upstream)
            for direction in ("up", "down"):
                Bulk(upstream, 4, direction, 1).measure(self, way, WARM_UP_SECONDS)
            ways[engine] = way
            self.progress.step(2 * WARM_UP_SECONDS, f"{upstream}: {engine.name} warmed up")
        except (Failed, OSError) as failure:
            self._complain(f"{engine.name}, {upstream}, its start: {failure}")

    def _turn(self, ways, engine, row, number):
        try:
            way = ways.get(engine)
            if not way:
                return self._note(row, engine, None)  # its start has failed, and that was said
            self.servers.check()
            way.check()
            if row.possible(way):
                figures = row.measure(self, way, self.seconds)
                self._note(row, engine, figures)
                self._say(self._seconds(row), row, engine, number, figures, self.turns)
        except (Failed, OSError) as failure:
            self._fail(row, engine, failure)

    def _note(self, row, engine, figures):
        self.figures[row][engine.name].append(figures)

    def _fail(self, row, engine, failure):
        self._note(row, engine, None)
        self._complain(f"{engine.name}, {row.name}: {failure}")

    def _complain(self, text):
        self.failures.append(" ".join(text.split()))
        print(f"FAILED: {self.failures[-1]}", flush=True)

    def _say(self, seconds, row, engine, number, figures, turns):
        told = ", ".join(f"{figures[key]:.{metric.digits}f} {metric.unit}" for key, metric in METRICS.items()
                         if key in figures)
        self.progress.step(seconds, f"{row.name}, {engine.name}, turn {number + 1} of {turns}: {told}")

    def as_json(self):
        return {row.name: engines for row, engines in self.figures.items()}


def worthless(session):
    """Whether a figure of the daemon itself is missing."""
    return any(complaint.startswith(OURS) for complaint in session.failures)
