"""Pictures (SVG) of a session, written by hand: no library is needed."""
import math
import statistics
from xml.sax.saxutils import escape

from .engines import HEV, OURS, RELAY
from .report import ratio, values
from .rows import Bulk

COLOURS = {OURS: "#d1495b", RELAY: "#4a4a4a", HEV: "#1f6f8b"}
OTHER_COLOURS = ("#7fb7be", "#b9a44c", "#8f5f9b", "#5a8f5a", "#c9a0dc", "#d9a05b", "#9aa5b1", "#6d6875")
BAR, GAP, LABEL, PANEL, MARGIN = 10, 12, 130, 350, 14
MOST_RATIO = 5       # a bar is cut there; its figure is not
CHARACTER = 6.4      # of the legend, on average
FIRST_LINE, LINE = 46, 16


class Picture:
    """Grows downwards as it is drawn; its names have the same colours in all pictures of a session."""

    def __init__(self, width, title, names):
        self.width, self.height = width, 0
        others = iter(OTHER_COLOURS * 2)
        self.colours = {name: COLOURS.get(name) or next(others) for name in names}
        self.parts = []
        self.text(MARGIN, 24, title, size=15, weight="bold")

    def text(self, x, y, text, size=11, anchor="start", weight="normal"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
                          f'font-weight="{weight}" fill="#222222" stroke="#ffffff" stroke-width="3" '
                          f'stroke-linejoin="round" paint-order="stroke">{escape(text)}</text>')

    def box(self, x, y, width, height, colour):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(0, width):.1f}" height="{height:.1f}" '
                          f'fill="{colour}"/>')

    def line(self, points, colour, width=1.0, dash=""):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{dashes}/>')

    def legend(self, names):
        """Below the title, in as many lines as it takes: where the next thing may begin."""
        x, y = MARGIN, FIRST_LINE
        for name in names:
            width = 32 + CHARACTER * len(name)
            if x + width > self.width:
                x, y = MARGIN, y + LINE
            self.box(x, y - 9, 10, 10, self.colours[name])
            self.text(x + 14, y, name)
            x += width
        return y + LINE

    def svg(self):
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height:.0f}" '
                f'width="{self.width}" height="{self.height:.0f}" font-family="sans-serif">\n'
                f'<rect width="100%" height="100%" fill="#ffffff"/>\n' + "\n".join(self.parts) + "\n</svg>\n")


def bars(figures, names, base):
    """Throughput and the processor's time of each engine as ratios to `base`; None if nobody was measured beside it."""
    rows = {row: {(name, key): ratio(engines.get(name, []), engines.get(base, []), key)
                  for name in names for key in ("gbits", "cpu")}
            for row, engines in figures.items()
            if isinstance(row, Bulk) and row.upstream == "socks5" and row.family == 4}
    shown = [name for name in names if name != base
             and any(ratios[name, "gbits"] is not None for ratios in rows.values())]
    rows = {row: ratios for row, ratios in rows.items() if any(ratios[name, "gbits"] is not None for name in shown)}
    if not rows:
        return None
    picture = Picture(LABEL + 2 * PANEL + MARGIN, f"IPv4 through SOCKS5, as multiples of {base}'s (1.00); medians",
                      names)
    top = picture.legend(shown) + 30
    block = len(shown) * BAR + GAP
    picture.height = top + len(rows) * block + MARGIN
    for i, row in enumerate(rows):
        picture.text(LABEL - 8, top + i * block + len(shown) * BAR / 2 + 3, row.name.removeprefix("socks5, IPv4, "),
                     anchor="end")
    for panel, (key, title) in enumerate((("gbits", "throughput: more is better"),
                                          ("cpu", "CPU-seconds per GB: less is better"))):
        left = LABEL + panel * PANEL
        picture.text(left, top - 14, title, weight="bold")
        most = max([1.0, *(ratios[name, key] for ratios in rows.values() for name in shown
                           if ratios[name, key] is not None)])
        scale = (PANEL - 50) / min(MOST_RATIO, most)
        picture.line([(left, top - 6), (left, picture.height - MARGIN)], "#bbbbbb")
        picture.line([(left + scale, top - 6), (left + scale, picture.height - MARGIN)], "#222222", 0.8, "3 3")
        for i, ratios in enumerate(rows.values()):
            for j, name in enumerate(shown):
                draw_bar(picture, left, top + i * block + j * BAR, scale, ratios[name, key], picture.colours[name])
    return picture.svg()


def draw_bar(picture, left, y, scale, value, colour):
    if value is None:
        return
    length = min(value, MOST_RATIO) * scale
    picture.box(left, y, length, BAR - 1, colour)
    picture.text(left + length + 3, y + BAR - 2, f"{value:.2f}" if value <= MOST_RATIO else f"{value:.1f} >>", size=8)


def latency(figures, names, row_name):
    """How many of a hundred round trips took at most how long; both axes grow by factors. None without figures."""
    engines = next((engines for row, engines in figures.items() if row.name == row_name), {})
    curves = {}
    for name in names:
        micros = values(engines.get(name, []), "micros")
        if micros:
            curves[name] = [(float(percent), statistics.median(turn[percent] for turn in micros))
                            for percent in micros[0]]
    if not curves:
        return None
    picture = Picture(740, f"{row_name}, through SOCKS5: microseconds by percentile, medians", names)
    left, top, width, height = 75, picture.legend(curves) + 10, 620, 340
    picture.height = top + height + 48
    ticks = ticks_around([value for curve in curves.values() for _, value in curve])
    low, high = math.log10(ticks[0]), math.log10(ticks[-1])

    def x(percent):
        return left + width * -math.log10(1 - percent / 100) / 4  # 99.99 % is the right edge

    def y(micros):
        return top + height * (1 - (math.log10(micros) - low) / (high - low))

    for tick in ticks:
        picture.line([(left, y(tick)), (left + width, y(tick))], "#dddddd")
        picture.text(left - 6, y(tick) + 4, f"{tick:,} us", anchor="end")
    for percent in (0, 50, 90, 99, 99.9, 99.99):
        picture.line([(x(percent), top), (x(percent), top + height)], "#dddddd")
        picture.text(x(percent), top + height + 18, f"{percent:g} %", anchor="middle")
    picture.text(left + width / 2, top + height + 36, "of the round trips took at most so long", anchor="middle")
    for name, curve in sorted(curves.items(), key=lambda named: named[0] == OURS):
        picture.line([(x(percent), y(value)) for percent, value in curve], picture.colours[name], 2)
    return picture.svg()


def ticks_around(figures):
    """1, 2, 5, 10, 20 and so on: from the last below all figures to the first above."""
    steps = [step * 10 ** exponent for exponent in range(9) for step in (1, 2, 5)]
    below = max([0, *(i for i, step in enumerate(steps) if step <= min(figures))])
    above = next(i for i, step in enumerate(steps) if step > max(figures))
    return steps[below:above + 1]
