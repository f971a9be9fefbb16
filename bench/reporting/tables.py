"""Benchmarks as tables of 80 columns."""


def three_digits(value):
    return f"{value:.0f}" if value >= 99.95 else f"{value:.3g}"


def seconds_text(seconds):
    for unit, size in (("s ", 1), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{three_digits(seconds / size)} {unit}"
    return f"{three_digits(seconds / 1e-9)} ns"


def row(benchmark, peaks):
    """One line of the table, 80 columns."""
    binds, share = peaks.share(benchmark)
    unit = "GFLOP/s" if binds == "flop" else "GB/s"
    percent = f"{share:.0%}" if share >= 0.0095 else f"{share:.1%}"
    of_peak = f"{binds:>6} {percent:>4}" if benchmark.program != "machine" else ""  # they are the peaks
    value = benchmark.median(unit)
    if value < 0.1:
        value, unit = 1000 * value, unit.replace("G", "M", 1)
    rate = f"{three_digits(value)} {unit:7}"
    name = benchmark.name.replace(" ", "")
    return f"{name:<45} {seconds_text(benchmark.median('seconds')):>8} {rate:>13} {of_peak}"


def table(benchmarks, peaks):
    lines, program = [], None
    for b in benchmarks:
        if b.program != program:
            program = b.program
            lines += ([""] if lines else []) + [
                f"{program:<45} {'time':>8} {'rate':>13} {'of peak':>11}"]
        lines.append(row(b, peaks))
    return "\n".join(line.rstrip() for line in lines)


def find(benchmarks, program, start=""):
    return [b for b in benchmarks if b.program == program and b.name.startswith(start)]


def peak_table(peaks):
    sizes = [("32 KB", 32 << 10), ("512 KB", 512 << 10), ("8 MB", 8 << 20), ("memory", 1 << 40)]
    lines = [f"{'threads':>7} {'GFLOP/s':>9}   GB/s of: " + "".join(f"{name:>11}" for name, _ in sizes)]
    for threads in sorted(peaks.bandwidth):
        lines.append(f"{threads:7} {peaks.gflops(threads):9.1f}" +
                     " " * 12 + "".join(f"{peaks.gigabytes(threads, size):11.1f}" for _, size in sizes))
    return "\n".join(lines)


def scaling_table(benchmarks, peaks):
    lines = [f"{'':24} {'us/token':>9} {'MFLOP/token':>12} {'GFLOP/s':>9} {'of peak':>8}"]
    for b in find(benchmarks, "scaling", "over_"):
        if b.name.startswith("over_threads"):
            continue
        rate = b.median("tokens/s")
        lines.append(f"{b.name:24} {1e6 / rate:9.2f} {1e3 * b.median('GFLOP/s') / rate:12.2f} "
                     f"{b.median('GFLOP/s'):9.1f} {peaks.share(b)[1]:8.0%}")
    return "\n".join(lines)


def threads_table(benchmarks, peaks):
    found = find(benchmarks, "scaling", "over_threads")
    one = min(found, key=lambda b: b.threads)
    lines = [f"{'threads':>7} {'tokens/s':>10} {'speed-up':>9} {'GFLOP/s':>9} {'of peak':>8}"]
    for b in sorted(found, key=lambda b: b.threads):
        lines.append(f"{b.threads:7} {b.median('tokens/s'):10,.0f} "
                     f"{b.median('tokens/s') / one.median('tokens/s'):9.2f} "
                     f"{b.median('GFLOP/s'):9.1f} {peaks.share(b)[1]:8.0%}")
    return "\n".join(lines)


def train_table(benchmarks, peaks):
    lines = [f"{'size':8} {'a step':>10} {'tokens/s':>10} {'lowest':>10} {'highest':>10} {'GFLOP/s':>9} "
             f"{'of peak':>8}"]
    for b in find(benchmarks, "train_step"):
        low, high = b.extremes("tokens/s")
        lines.append(f"{b.name.split('/')[1]:8} {seconds_text(b.median('seconds')):>10} "
                     f"{b.median('tokens/s'):10,.0f} {low:10,.0f} {high:10,.0f} "
                     f"{b.median('GFLOP/s'):9.1f} {peaks.share(b)[1]:8.0%}")
    return "\n".join(lines)


PARTS = ["parameters", "gradients", "moments", "caches", "logits", "in flight", "workspaces", "gaps"]


def memory_table(sizes):
    lines = [f"{'memory of a step, MB':24}" + "".join(f"{size:>11}" for size in sizes)]
    for part in PARTS + ["counted", "measured"]:
        lines.append(f"{part:24}" + "".join(f"{parts[part + ' MB']:11.1f}" for parts in sizes.values()))
    lines.append(f"{'measured / counted':24}" +
                 "".join(f"{p['measured MB'] / p['counted MB']:11.3f}" for p in sizes.values()))
    lines.append(f"{'page faults a step':24}" + "".join(f"{p['page faults']:11.0f}" for p in sizes.values()))
    return "\n".join(lines)


def noisy(benchmarks, peaks):
    """A complaint of one line, when something was faster than the peak; else nothing."""
    shares = [peaks.share(b) for b in benchmarks if b.program != "machine"]
    above = sum(what == "flop" and share > 1.05 for what, share in shares)
    if not above:
        return ""
    return f"shares above the peak: {above}; the machine was busy while its peak was measured"
