"""Tests of what bench/report.py says: shares of a peak, medians, tables of 80 columns, pictures that are XML.

    python3 bench/report_test.py
"""
import unittest
import xml.etree.ElementTree as xml

from reporting import pictures
from reporting.peaks import Peaks
from reporting.plot import ticks
from reporting.runs import Benchmark
from reporting.tables import noisy, row, seconds_text, table


def benchmark(program, name, milliseconds=1.0, **counters):
    made = Benchmark(program, name)
    made.add({"real_time": milliseconds, "time_unit": "ms", "threads": 1,
              **{key.replace("_", "/"): value for key, value in counters.items()}})
    return made


def machine():
    """100 GFLOP/s a thread; 80 GB/s up to 1 MB, 20 from 16 MB on; a triad is slower."""
    made = []
    for threads in (1, 2):
        made.append(benchmark("machine", f"fused_multiply_add/threads:{threads}", threads=threads,
                              GFLOP_s=100 * threads))
        for size, rate in ((1 << 20, 80), (1 << 24, 20)):
            for name, part in (("read_memory", 1), ("triad_memory", 0.5)):
                made.append(benchmark("machine", f"{name}/threads:{threads}/bytes:{size}", threads=threads,
                                      GB_s=rate * threads * part))
    return made


class Shares(unittest.TestCase):
    def setUp(self):
        self.peaks = Peaks(machine(), largest_cache=1 << 22)

    def test_many_operations_a_byte_are_bound_by_arithmetic(self):
        what, share = self.peaks.share(benchmark("p", "b", GFLOP_s=50, GB_s=1))
        self.assertEqual(what, "flop")
        self.assertAlmostEqual(share, 0.5)

    def test_few_are_bound_by_bytes_of_a_working_set_of_that_size(self):
        # 1 ms at 0.5 GB/s are half a megabyte, which moves at 80 GB/s; 1000 ms at 10 are 10 GB, at 20.
        self.assertEqual(self.peaks.share(benchmark("p", "b", GB_s=0.5)), ("cache", 0.5 / 80))
        self.assertEqual(self.peaks.share(benchmark("p", "b", 1000, GB_s=10, GFLOP_s=1)), ("memory", 0.5))

    def test_between_two_working_sets_the_bandwidth_lies_on_the_line(self):
        self.assertAlmostEqual(self.peaks.gigabytes(1, 1 << 22), 50)  # half-way from 2^20 to 2^24

    def test_two_threads_are_held_against_the_peak_of_two(self):
        self.assertAlmostEqual(self.peaks.share(benchmark("p", "b", GFLOP_s=50, threads=2))[1], 0.25)

    def test_a_peak_is_the_best_of_the_rounds(self):
        found = machine()
        found[0].add({"real_time": 1, "time_unit": "ms", "GFLOP/s": 120})
        self.assertEqual(Peaks(found, 1 << 22).gflops(1), 120)

    def test_a_number_of_threads_that_was_not_measured_takes_the_peak_of_all(self):
        self.assertEqual(self.peaks.gflops(7), 200)


class Figures(unittest.TestCase):
    def test_median_and_extremes_over_rounds(self):
        made = benchmark("p", "b", 3.0)
        for milliseconds in (1.0, 20.0):
            made.add({"real_time": milliseconds, "time_unit": "ms"})
        self.assertEqual(made.median("seconds"), 3e-3)
        self.assertEqual(made.extremes("seconds"), (1e-3, 2e-2))
        self.assertIsNone(made.median("GB/s"))

    def test_times(self):
        self.assertEqual([seconds_text(s) for s in (2.5, 0.0123, 4.56e-5, 7e-9)],
                         ["2.5 s ", "12.3 ms", "45.6 us", "7 ns"])

    def test_rows_have_80_columns_at_most(self):
        peaks = Peaks(machine(), 1 << 22)
        longest = benchmark("matmul", "product/forward / packed/N:256/in:768/out:50257", 999.9, GFLOP_s=199.9)
        self.assertEqual(len(row(longest, peaks)), 80)
        slow = row(benchmark("byte_pair", "encode_cold", GB_s=0.00318), peaks)
        self.assertEqual(slow.split()[-4:], ["3.18", "MB/s", "cache", "0.0%"])
        self.assertLessEqual(max(map(len, table([longest], peaks).split("\n"))), 80)

    def test_what_is_faster_than_the_peak_is_complained_about(self):
        peaks = Peaks(machine(), 1 << 22)
        self.assertEqual(noisy([benchmark("p", "b", GFLOP_s=104)], peaks), "")
        self.assertIn("peak: 1;", noisy([benchmark("p", "b", GFLOP_s=106)], peaks))

    def test_ticks_are_round_and_inside(self):
        self.assertEqual(ticks(0, 10, log=False), [0, 2, 4, 6, 8, 10])
        self.assertEqual(ticks(0.5, 2000, log=True), [1, 10, 100, 1000])
        self.assertEqual(ticks(3, 40, log=True), [4, 8, 16, 32])


class Pictures(unittest.TestCase):
    def test_they_are_xml_and_show_every_point(self):
        peaks = Peaks(machine(), 1 << 22)
        points = [benchmark("adamw", f"AdamWStep/{i}", GFLOP_s=2 * i, GB_s=10) for i in range(1, 6)]
        steps = [benchmark("ladder", "step/naive/M:8/K:8/N:8", GFLOP_s=1),
                 benchmark("ladder", "step/packing/M:8/K:8/N:8", GFLOP_s=90)]
        scaling = [benchmark("scaling", f"over_{name}/{letter}:{size}", GFLOP_s=50 + size, threads=size,
                             **{"tokens/s": 1000 * size})
                   for name, letter in (("context", "T"), ("width", "C"), ("layers", "L"),
                                        ("vocabulary", "V"), ("threads", "threads")) for size in (1, 2, 4)]
        all_of = machine() + points + steps + scaling
        drawn = {"bandwidth": pictures.bandwidth(all_of), "ladder": pictures.ladder(steps, peaks),
                 "roofline": pictures.roofline(all_of, peaks), "scaling": pictures.scaling(all_of, peaks),
                 "threads": pictures.threads(all_of)}
        circles = {name: sum(e.tag.endswith("circle") for e in xml.fromstring(svg).iter())
                   for name, svg in drawn.items()}
        self.assertEqual(circles, {"bandwidth": 8, "ladder": 0, "roofline": 5, "scaling": 12, "threads": 3})


if __name__ == "__main__":
    unittest.main()
