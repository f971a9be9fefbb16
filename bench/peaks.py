"""What the machine can do at most, as bench/machine_bench measured it in the same run, and the share of it that
a benchmark reaches.

A benchmark cannot end before its operations are done at the peak rate, nor before its bytes have moved at the
peak bandwidth. The longer of the two times is what binds it; that time over the measured one is the share.
The bandwidth is that of a working set of as many bytes: small ones stay in caches.
"""
import math


class Peaks:
    def __init__(self, benchmarks, largest_cache):
        self.largest_cache = largest_cache  # bytes
        self.compute = {}    # threads: GFLOP/s
        self.bandwidth = {}  # threads: {bytes: GB/s}, the better of reading and triad
        for b in benchmarks:
            if b.program != "machine":
                continue
            if b.name.startswith("fused_multiply_add"):
                self.compute[b.threads] = b.median("GFLOP/s")
            else:
                curve = self.bandwidth.setdefault(b.threads, {})
                size = b.argument("bytes")
                curve[size] = max(curve.get(size, 0), b.median("GB/s"))
        self.all_threads = max(self.compute)

    def gflops(self, threads):
        return self.compute.get(threads, self.compute[self.all_threads])

    def gigabytes(self, threads, size):
        """The bandwidth of a working set of so many bytes: between two that were measured, on the line."""
        curve = sorted(self.bandwidth.get(threads, self.bandwidth[self.all_threads]).items())
        if size <= curve[0][0]:
            return curve[0][1]
        for (low, slow), (high, fast) in zip(curve, curve[1:]):
            if size <= high:
                part = math.log(size / low) / math.log(high / low)
                return slow + part * (fast - slow)
        return curve[-1][1]

    def share(self, benchmark):
        """(what binds, share of the peak): what is "flop", "cache" or "memory"."""
        seconds = benchmark.median("seconds")
        flops, rate = benchmark.median("GFLOP/s") or 0, benchmark.median("GB/s") or 0
        moved = 1e9 * rate * seconds
        of_compute = flops / self.gflops(benchmark.threads)
        of_bandwidth = rate / self.gigabytes(benchmark.threads, moved) if rate else 0
        if of_compute >= of_bandwidth:
            return "flop", of_compute
        return ("cache" if moved <= self.largest_cache else "memory"), of_bandwidth


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
    of_peak = f"{binds:>6} {share:>4.0%}" if benchmark.program != "machine" else ""  # they are the peaks
    rate = f"{three_digits(benchmark.median(unit))} {unit:7}"
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
