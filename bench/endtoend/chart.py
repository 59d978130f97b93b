"""Pictures (SVG) of a session, written by hand: no library is needed."""
import math
import statistics
from xml.sax.saxutils import escape

from .report import ratio, values

COLOURS = ("#888888", "#b9a44c", "#1f6f8b", "#7fb7be", "#c8553d", "#8f5f9b", "#c9a0dc", "#5a8f5a", "#d9a05b")
BAR, GAP, LABEL, PANEL, MARGIN = 9, 10, 230, 330, 14


class Picture:
    def __init__(self, width, height, title):
        self.width, self.height = width, height
        self.parts = [f'<rect width="{width}" height="{height}" fill="#ffffff"/>']
        self.text(MARGIN, 24, title, size=15, weight="bold")

    def text(self, x, y, text, size=11, anchor="start", weight="normal", colour="#222222"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
                          f'font-weight="{weight}" fill="{colour}">{escape(text)}</text>')

    def box(self, x, y, width, height, colour):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(0, width):.1f}" height="{height:.1f}" '
                          f'fill="{colour}"/>')

    def line(self, points, colour, width=1.0, dash=""):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{dashes}/>')

    def legend(self, y, names):
        x = MARGIN
        for name, colour in zip(names, COLOURS):
            self.box(x, y - 9, 10, 10, colour)
            self.text(x + 14, y, name)
            x += 30 + 7 * len(name)

    def svg(self):
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
                f'width="{self.width}" height="{self.height}" font-family="sans-serif">\n' + "\n".join(self.parts)
                + "\n</svg>\n")


def bars(figures, names, base):
    """Throughput and the processor's time of each engine as ratios to `base`; None if nobody was measured beside it."""
    rows = [(row, engines) for row, engines in figures.items()
            if row.upstream == "socks5" and any(ratio(turns, engines.get(base, []), "gbits") is not None
                                                for name, turns in engines.items() if name != base)]
    if not rows:
        return None
    block = len(names) * BAR + GAP
    top, bottom = 84, 84 + len(rows) * block
    picture = Picture(LABEL + 2 * PANEL + MARGIN, bottom + MARGIN,
                      f"Beside {base} (1.00), medians of the turns' ratios")
    picture.legend(46, names)
    for panel, (key, title) in enumerate((("gbits", "throughput: more is better"),
                                          ("cpu", "CPU-s/GB: less is better"))):
        left = LABEL + panel * PANEL
        picture.text(left, top - 16, title, weight="bold")
        ratios = {(row, name): ratio(engines.get(name, []), engines.get(base, []), key)
                  for row, engines in rows for name in names}
        scale = (PANEL - 60) / max([1.0, *(value for value in ratios.values() if value is not None)])
        for i, (row, _) in enumerate(rows):
            y = top + i * block
            if panel == 0:
                picture.text(LABEL - 8, y + len(names) * BAR / 2 + 3, row.name, anchor="end")
            for j, name in enumerate(names):
                value = ratios[row, name]
                if value is not None:
                    picture.box(left, y + j * BAR, value * scale, BAR - 1, COLOURS[j % len(COLOURS)])
                    picture.text(left + value * scale + 3, y + j * BAR + 8, f"{value:.2f}", size=8)
        picture.line([(left + scale, top - 6), (left + scale, bottom - GAP)], "#222222", 0.7, "3 3")
    return picture.svg()


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
    left, top, width, height = 75, 70, 620, 320
    least = min(value for curve in curves.values() for _, value in curve)
    most = max(value for curve in curves.values() for _, value in curve)
    low, high = math.floor(math.log10(least)), math.ceil(math.log10(most))

    def x(percent):
        return left + width * -math.log10(1 - percent / 100) / 4  # 99.99 % is the right edge

    def y(micros):
        return top + height * (1 - (math.log10(micros) - low) / max(1, high - low))

    picture = Picture(left + width + 30, top + height + 40, f"{row_name}: microseconds by percentile")
    picture.legend(46, names)
    for exponent in range(low, high + 1):
        picture.line([(left, y(10 ** exponent)), (left + width, y(10 ** exponent))], "#dddddd")
        picture.text(left - 6, y(10 ** exponent) + 4, f"{10 ** exponent:,}", anchor="end")
    for percent in (0, 50, 90, 99, 99.9, 99.99):
        picture.line([(x(percent), top), (x(percent), top + height)], "#dddddd")
        picture.text(x(percent), top + height + 18, f"{percent:g} %", anchor="middle")
    for name, curve in curves.items():
        picture.line([(x(percent), y(value)) for percent, value in curve], COLOURS[names.index(name) % len(COLOURS)], 2)
    return picture.svg()
