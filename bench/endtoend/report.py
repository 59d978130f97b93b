"""Figures of many turns, as tables of text and of Markdown."""
import statistics


def spread(values, digits):
    """Median and, where there are several, least and most."""
    median = f"{statistics.median(values):.{digits}f}"
    if len(values) == 1:
        return median
    return f"{median} ({min(values):.{digits}f}..{max(values):.{digits}f})"


def ratios(turns, key):
    """Of each turn's daemon to the same turn's relay."""
    return [turn["daemon"][key] / turn["relay"][key] for turn in turns if turn["relay"][key] > 0]


def carried(results):
    """results: {row: [{"daemon": figures, "relay": figures}, ...]}"""
    head = ["", "daemon, Gbit/s", "relay, Gbit/s", "ratio", "daemon, CPU-s/GB", "relay, CPU-s/GB", "ratio",
            "SOCKS server, CPU-s/GB"]
    lines = []
    for row, turns in results.items():
        if not turns:
            continue

        def figures(engine, key, digits):
            return spread([turn[engine][key] for turn in turns], digits)

        lines.append([row.name, figures("daemon", "gbits", 1), figures("relay", "gbits", 1),
                      f"{statistics.median(ratios(turns, 'gbits')):.2f}",
                      figures("daemon", "cpu", 2), figures("relay", "cpu", 2),
                      f"{statistics.median(ratios(turns, 'cpu') or [0]):.2f}",
                      figures("daemon", "server", 2) if row.upstream == "socks5" else "-"])
    return head, lines


def others(results):
    """results: [(name, unit, most, values)]; most is what is allowed, or None."""
    head = ["", "measured", "at most"]
    return head, [[name, f"{spread(values, 0)} {unit}", "" if most is None else f"{most} {unit}"]
                  for name, unit, most, values in results if values]


def as_text(table):
    head, lines = table
    widths = [max(len(line[i]) for line in [head, *lines]) for i in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()
                     for line in [head, *lines])


def as_markdown(table):
    head, lines = table
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *lines])
