"""The pictures of bench/REPORT.md."""
import math

from .plot import COLOURS, INK, Axes, Picture, byte_size
from .tables import find


def legend(picture, left, top, entries):
    """(colour, dashes, words) side by side."""
    for colour, dashes, words in entries:
        picture.line([(left, top - 4), (left + 18, top - 4)], colour, 3 if not dashes else 2, dashes=dashes)
        picture.text(left + 24, top, words, size=11)
        left += 48 + 6.1 * len(words)


def bandwidth(benchmarks):
    found = find(benchmarks, "machine", "read_memory") + find(benchmarks, "machine", "triad_memory")
    sizes = sorted({b.argument("bytes") for b in found})
    highest = max(b.extremes("GB/s")[1] for b in found)
    lowest = min(b.extremes("GB/s")[0] for b in found)
    p = Picture(720, 330, "Bandwidth against working set")
    axes = Axes(p, (70, 50, 620, 215), (sizes[0], sizes[-1]), (lowest * 0.8, highest * 1.2), True, True)
    axes.draw("Bandwidth of a working set, GB/s", "working set", "GB/s", x_ticks=sizes[:-1], x_text=byte_size)
    lines = sorted({(b.name.split("_")[0], b.threads) for b in found})
    entries = []
    for colour, (kind, threads) in zip(COLOURS, lines):
        points = [(b.argument("bytes"), b) for b in found
                  if b.name.startswith(kind) and b.threads == threads]
        axes.curve([(size, b.median("GB/s")) for size, b in points], colour)
        for size, b in points:
            axes.whisker(size, *b.extremes("GB/s"), colour)
            axes.dot(size, b.median("GB/s"), colour, f"{byte_size(size)}: {b.median('GB/s'):.1f} GB/s")
        entries.append((colour, None, f"{kind}, {threads} thread{'s' if threads > 1 else ''}"))
    legend(p, 70, 322, entries)
    return p.svg()


STEPS = {"naive": "naive: i, j, k", "loop_order": "loop order: i, k, j", "cache_blocking": "cache blocking",
         "register_tile": "register tile, vectors", "packing": "packing", "eigen_one_thread": "Eigen",
         "library_one_thread": "the library's kernel", "shared_all_threads": "packing, threads",
         "library_all_threads": "the library's kernel, threads", "eigen_all_threads": "Eigen, threads"}


def ladder(benchmarks, peaks):
    shapes = list(dict.fromkeys(b.name.split("/", 2)[2] for b in benchmarks))
    steps = list(dict.fromkeys(b.name.split("/")[1] for b in benchmarks))
    left, top, width, thick = 195, 52, 440, 11
    each = thick * len(shapes) + 10
    height = each * len(steps)
    most = 1.03 * max([peaks.gflops(peaks.all_threads)] + [b.extremes("GFLOP/s")[1] for b in benchmarks])
    p = Picture(720, top + height + 62, "The ladder of products, GFLOP/s")
    p.text(left, 18, "GFLOP/s of one product, step by step", bold=True, size=13)
    for threads in (1, peaks.all_threads):
        x = left + width * peaks.gflops(threads) / most
        p.line([(x, top - 8), (x, top + height)], COLOURS[4], 1.5, opacity=0.6, dashes="5 4")
        words = f"peak, {threads} thread{'s' if threads > 1 else ''}: {peaks.gflops(threads):.0f}"
        p.text(x, top - 14, words, "end" if threads > 1 else "middle", 11, COLOURS[4])
    for i, step in enumerate(steps):
        y = top + each * i
        p.text(left - 8, y + each / 2, STEPS.get(step, step), "end")
        for colour, shape in zip(COLOURS, shapes):
            found = [b for b in benchmarks if b.name == f"step/{step}/{shape}"]
            if found:
                rate = found[0].median("GFLOP/s")
                length = max(1, width * rate / most)
                p.box(left, y, length, thick - 2, colour)
                low, high = (left + width * r / most for r in found[0].extremes("GFLOP/s"))
                p.line([(low, y + thick / 2 - 1), (high, y + thick / 2 - 1)], INK, 1)
                p.text(max(left + length, high) + 5, y + thick - 2.5,
                       f"{rate:.3g}, {peaks.share(found[0])[1]:.0%}", size=10)
            y += thick
    p.line([(left, top - 4), (left, top + height)])
    names = [shape.replace("/", " ").replace(":", " ") for shape in shapes]
    legend(p, left - 100, top + height + 26, [(c, None, n) for c, n in zip(COLOURS, names)])
    p.text(left - 100, top + height + 48, "Percentages: share of the peak of as many threads.", size=11)
    return p.svg()


ROOFLINE = {"matmul": "products", "multi_head_attention": "attention", "layer_norm": "norms",
            "adamw": "AdamW, clipping", "embedding": "embedding"}


def roofline(benchmarks, peaks):
    threads = peaks.all_threads
    points = [b for b in benchmarks
              if b.program in ROOFLINE and b.median("GFLOP/s") and b.median("GB/s") and "eigen" not in b.name]
    places = [(b.median("GFLOP/s") / b.median("GB/s"), b.median("GFLOP/s"), b) for b in points]
    roof = peaks.gflops(threads)
    low_x, high_x = 0.05, 2 * max([200] + [x for x, _, _ in places])
    low_y = 0.5 * min(y for _, y, _ in places)
    p = Picture(720, 430, "Roofline")
    high_y = 1.6 * max([roof] + [y for _, y, _ in places])
    axes = Axes(p, (70, 50, 620, 310), (low_x, high_x), (low_y, high_y), True, True)
    axes.draw(f"Roofline with {threads} threads", "operations for each byte", "GFLOP/s")
    levels = (("memory", 1 << 40, "6 4"), ("8 MB", 8 << 20, "4 3"), ("512 KB", 512 << 10, "2 3"))
    for name, size, dashes in levels:
        rate = peaks.gigabytes(threads, size)
        start = max(low_x, low_y / rate)
        axes.curve([(start, start * rate), (roof / rate, roof)], INK, dashes, 1.5)
        # Along the slope, a little above it.
        (x0, y0), (x1, y1) = axes.at(start, start * rate), axes.at(roof / rate, roof)
        turn = math.degrees(math.atan2(y1 - y0, x1 - x0))
        x, y = x0 + 0.12 * (x1 - x0), y0 + 0.12 * (y1 - y0)
        p.text(x - 3, y - 5, f"{name}: {rate:.0f} GB/s", size=10, turn=turn)
    axes.curve([(roof / peaks.gigabytes(threads, 512 << 10), roof), (high_x, roof)], COLOURS[4], None, 2)
    x, y = axes.at(high_x, roof)
    p.text(x, y - 6, f"peak {roof:.0f} GFLOP/s", "end", 11, COLOURS[4])
    colours = dict(zip(ROOFLINE, COLOURS))
    for x, y, b in places:
        axes.dot(x, y, colours[b.program], f"{b.program} {b.name.replace(' ', '')}: {y:.3g} GFLOP/s, "
                 f"{peaks.share(b)[1]:.0%} of {peaks.share(b)[0]}")
    legend(p, 70, 422, [(colours[name], None, words) for name, words in ROOFLINE.items()])
    return p.svg()


def scaling(benchmarks, peaks):
    p = Picture(720, 570, "Cost of a token against context, width, layers and vocabulary")
    panels = (("over_context", "T", "Context T"), ("over_width", "C", "Width C"),
              ("over_layers", "L", "Layers L"), ("over_vocabulary", "V", "Vocabulary V"))
    for place, (name, letter, title) in enumerate(panels):
        found = [(b.argument(letter), b) for b in find(benchmarks, "scaling", name)]
        cost = {x: 1e6 / b.median("tokens/s") for x, b in found}
        formula = {x: 1e6 * b.median("GFLOP/s") / b.median("tokens/s") / peaks.gflops(b.threads)
                   for x, b in found}
        frame = (70 + 350 * (place % 2), 40 + 270 * (place // 2), 270, 180)
        span = (min(formula.values()) * 0.8, max(1e6 / b.extremes("tokens/s")[0] for _, b in found) * 1.25)
        axes = Axes(p, frame, (found[0][0], found[-1][0]), span, True, True)
        axes.draw(title, letter, "us per token", x_ticks=[x for x, _ in found])
        axes.curve(list(formula.items()), INK, "3 4", 2)
        axes.curve(list(cost.items()), COLOURS[0])
        for x, b in found:
            slow, fast = b.extremes("tokens/s")
            axes.whisker(x, 1e6 / fast, 1e6 / slow, COLOURS[0])
            axes.dot(x, cost[x], COLOURS[0],
                     f"{letter} {x}: {cost[x]:.2f} us, {formula[x] / cost[x]:.0%} of peak")
    legend(p, 70, 560, [(COLOURS[0], None, "measured"), (INK, "3 4", "the formula's operations at the peak")])
    return p.svg()


def threads(benchmarks):
    found = sorted(find(benchmarks, "scaling", "over_threads"), key=lambda b: b.threads)
    found = [(b.threads, b) for b in found]
    one = found[0][1].median("tokens/s")
    most = found[-1][0]
    p = Picture(420, 300, "Tokens per second against threads")
    axes = Axes(p, (70, 45, 290, 190), (0, most), (0, 1.1 * one * most))
    axes.draw("Training the size baby, tokens/s", "threads", "tokens/s", x_ticks=[x for x, _ in found])
    axes.curve([(0, 0), (most, one * most)], INK, "3 4", 1.5)
    axes.curve([(0, 0)] + [(x, b.median("tokens/s")) for x, b in found], COLOURS[0])
    for x, b in found:
        axes.whisker(x, *b.extremes("tokens/s"), COLOURS[0])
        axes.dot(x, b.median("tokens/s"), COLOURS[0])
        across, down = axes.at(x, b.median("tokens/s"))
        p.text(across + 6, down + 16, f"{b.median('tokens/s') / one:.2f}x", size=11)
    legend(p, 70, 292, [(COLOURS[0], None, "measured"), (INK, "3 4", "as many times one thread")])
    return p.svg()
