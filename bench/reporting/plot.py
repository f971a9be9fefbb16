"""Small pictures as SVG text: axes, lines, points with whiskers, bars.

The background is transparent and the colours are of middle brightness, so that a picture can be read on a
light page and on a dark one.
"""
import math
from html import escape

INK = "#7a8089"  # text, axes
COLOURS = ["#3b82c4", "#d9772b", "#3a9a5f", "#9065c0", "#cf5555", "#1f9a9a", "#b0853a"]


def ticks(low, high, log):
    """Round numbers from low to high: powers of ten, or of two where ten is too coarse, if log."""
    if log:
        base = 10 if high / low >= 300 else 2
        first, last = math.ceil(math.log(low, base) - 1e-9), math.floor(math.log(high, base) + 1e-9)
        return [float(base) ** e for e in range(first, last + 1)]
    step = 10.0 ** (math.floor(math.log10(high - low)) - 1)
    step *= min((1, 2, 5, 10, 20), key=lambda m: abs((high - low) / (step * m) - 5))
    return [step * i for i in range(math.ceil(low / step), math.floor(high / step + 1e-9) + 1)]


def short(value):
    """20000 as 20k, and other numbers with three digits or, if they are whole, all."""
    if value >= 1000 and value % 1000 == 0:
        return f"{value / 1000:g}k"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def byte_size(value):
    for unit, size in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:g} B"


class Picture:
    """Shapes on a page of width x height, and the SVG that draws them."""

    def __init__(self, width, height, title):
        self.width, self.height = width, height
        self.shapes = [f"<title>{escape(title)}</title>"]

    def line(self, points, colour=INK, width=1.0, opacity=1.0, dashes=None):
        way = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dash = f' stroke-dasharray="{dashes}"' if dashes else ""
        self.shapes.append(f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="{width}"'
                           f' stroke-opacity="{opacity}"{dash}/>')

    def box(self, x, y, width, height, colour):
        self.shapes.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
                           f'fill="{colour}" fill-opacity="0.85"/>')

    def dot(self, x, y, colour, title="", radius=3.5):
        self.shapes.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{colour}">'
                           f'<title>{escape(title)}</title></circle>')

    def text(self, x, y, words, anchor="start", size=12, colour=INK, turn=0, bold=False):
        turned = f' transform="rotate({turn:.1f} {x:.1f} {y:.1f})"' if turn else ""
        weight = ' font-weight="600"' if bold else ""
        self.shapes.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
                           f'fill="{colour}"{weight}{turned}>{escape(words)}</text>')

    def svg(self):
        shapes = "\n".join(self.shapes)
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
                f'width="{self.width}" height="{self.height}" role="img" '
                f'font-family="system-ui, sans-serif">\n{shapes}\n</svg>\n')


class Axes:
    """A frame in a picture whose points have the data's coordinates."""

    def __init__(self, picture, frame, x_range, y_range, x_log=False, y_log=False):
        self.picture, self.frame = picture, frame  # frame: left, top, width, height
        self.x_range, self.y_range, self.x_log, self.y_log = x_range, y_range, x_log, y_log

    @staticmethod
    def place(value, span, log):
        low, high = span
        if log:
            return math.log(value / low) / math.log(high / low)
        return (value - low) / (high - low)

    def at(self, x, y):
        left, top, width, height = self.frame
        return (left + width * self.place(x, self.x_range, self.x_log),
                top + height * (1 - self.place(y, self.y_range, self.y_log)))

    def draw(self, title, x_label, y_label, x_ticks=None, x_text=short, y_text=short):
        left, top, width, height = self.frame
        p = self.picture
        for x in x_ticks or ticks(*self.x_range, self.x_log):
            across = self.at(x, self.y_range[0])[0]
            p.line([(across, top), (across, top + height)], opacity=0.15)
            p.text(across, top + height + 16, x_text(x), "middle", 11)
        for y in ticks(*self.y_range, self.y_log):
            down = self.at(self.x_range[0], y)[1]
            p.line([(left, down), (left + width, down)], opacity=0.15)
            p.text(left - 6, down + 4, y_text(y), "end", 11)
        p.line([(left, top), (left, top + height), (left + width, top + height)])
        p.text(left + width / 2, top + height + 33, x_label, "middle")
        p.text(left - 40, top + height / 2, y_label, "middle", turn=-90)
        p.text(left, top - 10, title, bold=True, size=13)

    def curve(self, points, colour, dashes=None, width=2.0):
        self.picture.line([self.at(*point) for point in points], colour, width, dashes=dashes)

    def whisker(self, x, low, high, colour):
        if high > low > 0:
            self.picture.line([self.at(x, low), self.at(x, high)], colour, 1.2)

    def dot(self, x, y, colour, title=""):
        self.picture.dot(*self.at(x, y), colour, title)
