#!/usr/bin/python3
"""./dev bench: how fast everything is, and what share of this machine's peak that is.

    bench/report.py build/bench                        all benchmarks; writes bench/REPORT.md, bench/report/
    bench/report.py build/bench softmax_bench          prints the table of one program

Programs run in turns, --rounds times; figures are medians over the rounds.
"""
import argparse
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True  # no folders of it beside the sources

from reporting.page import write_report
from reporting.peaks import Peaks
from reporting.runs import cache_sizes, in_turns, run_once
from reporting.tables import memory_table, noisy, table

BENCH = pathlib.Path(__file__).resolve().parent
# Not in a full run, for they take long: `./dev bench byte_pair` and `./dev bench memory` have them.
LEFT_OUT = {"byte_pair_bench": "-train_large", "memory_bench": "-baby"}
MACHINE, MEMORY = "machine_bench", "step_memory_bench"


def memory_of_steps(path):
    """{size: {part: MB}}, each size in a process of its own: in a used one free memory hides gaps."""
    names = subprocess.run([str(path), "--benchmark_list_tests"], capture_output=True, text=True,
                           check=True).stdout.split()
    sizes = {}
    for name in names:
        record = run_once(path, [f"--benchmark_filter=^{name}$"])["benchmarks"][0]
        sizes[name.split("/")[1]] = {key: value for key, value in record.items()
                                     if key.endswith(" MB") or key == "page faults"}
    return sizes


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=pathlib.Path, help="where the programs are")
    arguments.add_argument("programs", nargs="*", help="only these, and no report")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=float, default=0.05,
                           help="of each benchmark in a round, at least")
    arguments.add_argument("--filter", help="only benchmarks whose name matches this, and no report")
    a = arguments.parse_args()
    if a.rounds < 1:
        arguments.error("--rounds must be at least 1")
    everything = not a.programs and not a.filter
    names = a.programs or sorted(path.stem for path in BENCH.glob("*_bench.cpp"))
    paths = [a.folder / name for name in names]
    others = [path for path in paths if path.name not in (MACHINE, MEMORY)]

    def options_of(program):
        options = [f"--benchmark_min_time={a.seconds}"]
        if a.filter and program != MACHINE:
            options.append(f"--benchmark_filter={a.filter}")
        elif everything and program in LEFT_OUT:
            options.append(f"--benchmark_filter={LEFT_OUT[program]}")
        return options

    if others or MACHINE in names:
        caches = cache_sizes(a.folder / MACHINE)
        benchmarks = in_turns([a.folder / MACHINE, *others], a.rounds, options_of)
        peaks = Peaks(benchmarks, max(caches.values(), default=32 << 20))
        shown = [b for b in benchmarks if b.program != "machine" or MACHINE in names]
        print(f"{table(shown, peaks)}\n\n{noisy(shown, peaks)}".rstrip())
    if MEMORY in names:
        memory = memory_of_steps(a.folder / MEMORY)
        print(("\n" if others else "") + memory_table(memory))
    if everything:
        write_report(a.folder.resolve(), benchmarks, peaks, memory, caches, a.rounds)
        print("\nwritten: bench/REPORT.md, bench/report/*.svg")


if __name__ == "__main__":
    main()
