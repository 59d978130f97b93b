"""Figures of many turns, as tables of text and of Markdown."""
import re
import statistics

from .rows import METRICS

SECTIONS = {
    "Throughput": ("Bytes", ("gbits", "arrived")),
    "The processor's time": ("Bytes", ("cpu", "user", "server")),
    "Through Wireleap's broker": ("Broker", ("gbits", "cpu", "user", "server")),
    "Answers": ("Answers", ("rate", "p50", "p99")),
    "The program": ("The program", ("first", "answers", "active", "idle", "flows", "stalled", "loaded", "add",
                                    "replace", "clear", "p50", "p99", "quiet")),
}

# What README shows: rows whose whole name is like this, and which figures of theirs.
SUMMARY = {
    r"socks5, IPv4, (up|down|both), \d+ streams?": ("gbits",),
    r"socks5, IPv4, (up|down), \d+ streams?": ("cpu",),
    "socks5, IPv4, (up|down), 1 stream, 1 % loss": ("gbits",),
    "socks5, datagrams, both.*": ("gbits",),
    "round trip of one byte": ("p50", "p99"),
    "connections, .*|HTTP .*": ("rate",),
    "start": ("first", "active"),
    "resident": ("idle", "flows", "stalled"),
    "10,000 bypass entries.*": ("add", "replace", "clear"),
    "h2c, .*": ("gbits", "cpu"),
}
NOTHING = "-"


def values(turns, key):
    return [turn[key] for turn in turns if turn and key in turn]


def spread(figures, digits):
    """Median and, where there are several, least and most."""
    median = f"{statistics.median(figures):.{digits}f}"
    if len(figures) == 1:
        return median
    return f"{median} ({min(figures):.{digits}f}..{max(figures):.{digits}f})"


def ratio(turns, others, key):
    """The median over the turns of one engine's figure to another's of the same turn; None where there is none."""
    ratios = [turn[key] / other[key] for turn, other in zip(turns, others)
              if turn and other and key in turn and other.get(key)]
    return statistics.median(ratios) if ratios else None


def cell(turns, ours, key):
    """A figure of an engine and, in brackets, what ours is to it."""
    figures = values(turns, key)
    if not figures:
        return "failed" if turns and not any(turns) else NOTHING
    text = spread(figures, METRICS[key].digits)
    factor = ratio(ours, turns, key) if ours is not turns else None
    failed = sum(turn is None for turn in turns)
    return text + (f" [{factor:.2f}]" if factor is not None else "") + (f", {failed} failed" if failed else "")


def tables(figures, names, ours):
    """{title: (head, lines)} of figures: {row: {engine's name: turns}}, a column for each engine that has any."""
    result = {}
    for title, (section, keys) in SECTIONS.items():
        lines = []
        for key in keys:
            for row, engines in figures.items():
                if row.section == section and any(values(turns, key) for turns in engines.values()):
                    lines.append([f"{row.name}: {METRICS[key].unit}"]
                                 + [cell(engines.get(name, []), engines.get(ours, []), key) for name in names])
        if lines:
            result[title] = pruned(["", *names], lines)
    return result


def summary(figures, names):
    """(head, lines): the figures of SUMMARY alone, medians, with no column for who has none."""
    chosen = [(f"{row.name}: {METRICS[key].unit}", key, engines) for pattern, keys in SUMMARY.items()
              for key in keys for row, engines in figures.items() if re.fullmatch(pattern, row.name)]
    lines = [[what, *(median(engines.get(name, []), key) for name in names)] for what, key, engines in chosen]
    lines = [line for line in lines if set(line[1:]) != {NOTHING}]
    return pruned(["", *names], lines)


def pruned(head, lines):
    """Without the columns in which nothing is said."""
    kept = [i for i in range(len(head)) if any(line[i] != NOTHING for line in lines)]
    return [head[i] for i in kept], [[line[i] for i in kept] for line in lines]


def median(turns, key):
    figures = values(turns, key)
    return f"{statistics.median(figures):.{METRICS[key].digits}f}" if figures else NOTHING


def as_text(table):
    head, lines = table
    widths = [max(len(line[i]) for line in [head, *lines]) for i in range(len(head))]
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip()
                     for line in [head, *lines])


def as_markdown(table):
    head, lines = table
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *lines])
