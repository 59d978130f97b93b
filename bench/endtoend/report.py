"""Figures of many turns, as tables of text and of Markdown."""
import statistics

from .rows import METRICS

SECTIONS = {
    "Throughput": ("Bytes", ("gbits", "arrived")),
    "The processor's time": ("Bytes", ("cpu", "user", "server")),
    "Answers": ("Answers", ("rate", "p50", "p99")),
    "The program": ("The program", ("first", "answers", "active", "idle", "flows", "stalled", "loaded", "add",
                                    "replace", "clear", "p50", "p99")),
}


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
        return "failed" if turns and not any(turns) else "-"
    text = spread(figures, METRICS[key].digits)
    factor = ratio(ours, turns, key) if ours is not turns else None
    failed = sum(turn is None for turn in turns)
    return text + (f" [{factor:.2f}]" if factor is not None else "") + (f", {failed} failed" if failed else "")


def tables(figures, names, ours):
    """{title: (head, lines)} of figures: {row: {engine's name: turns}}, a column for each of the engines' names."""
    result = {}
    for title, (section, keys) in SECTIONS.items():
        lines = []
        for key in keys:
            for row, engines in figures.items():
                if row.section == section and any(values(turns, key) for turns in engines.values()):
                    lines.append([f"{row.name}: {METRICS[key].unit}"]
                                 + [cell(engines.get(name, []), engines.get(ours, []), key) for name in names])
        if lines:
            result[title] = (["", *names], lines)
    return result


def as_text(table):
    head, lines = table
    widths = [max(len(line[i]) for line in [head, *lines]) for i in range(len(head))]
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip()
                     for line in [head, *lines])


def as_markdown(table):
    head, lines = table
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *lines])
