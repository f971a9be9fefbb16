"""What the machine can do at most, as bench/machine_bench measured it in the same run, and the share of it
that a benchmark reaches.

A benchmark cannot end before its operations are done at the peak rate, nor before its bytes have moved at the
peak bandwidth. The longer of the two times is what binds it; that time over the measured one is the share.
The bandwidth is that of a working set of as many bytes: small ones stay in caches. A peak is the best of the
rounds, not their median, so that no share looks better than it is.
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
                self.compute[b.threads] = b.extremes("GFLOP/s")[1]
            else:
                curve = self.bandwidth.setdefault(b.threads, {})
                size = b.argument("bytes")
                curve[size] = max(curve.get(size, 0), b.extremes("GB/s")[1])
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
