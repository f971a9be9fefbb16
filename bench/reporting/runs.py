"""Benchmark programs run in turns, and what they say of each benchmark: medians and extremes.

A machine's speed wanders from minute to minute. So all programs run once, then all again, the peaks among
them, and a figure is the median over these rounds.
"""
import json
import statistics
import subprocess
import sys
import time

SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}


class Benchmark:
    """One benchmark of one program, with a value per round for its time and each of its counters."""

    def __init__(self, program, name):
        self.program, self.name, self.values = program, name, {}

    def add(self, record):
        values = {key: record[key] for key in ("GFLOP/s", "GB/s", "tokens/s", "threads") if key in record}
        values["seconds"] = record["real_time"] * SECONDS[record["time_unit"]]
        for key, value in values.items():
            self.values.setdefault(key, []).append(value)

    def median(self, key):
        return statistics.median(self.values[key]) if key in self.values else None

    def extremes(self, key):
        return min(self.values[key]), max(self.values[key])

    @property
    def threads(self):
        return int(self.median("threads") or 1)

    def argument(self, letter):
        """The number after `letter:` in the name, such as 64 in over_context/T:64."""
        for part in self.name.split("/"):
            if part.startswith(letter + ":"):
                return int(part[len(letter) + 1:])
        raise ValueError(f"{self.name} has no {letter}")


def run_once(path, options):
    output = subprocess.run([str(path), "--benchmark_format=json", *options], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if output.returncode != 0:
        raise SystemExit(f"bench: {path.name} ended with status {output.returncode}: {output.stderr.strip()}")
    found = json.loads(output.stdout) if output.stdout.strip() else {"benchmarks": [], "context": {}}
    for record in found["benchmarks"]:
        if record.get("error_occurred"):
            raise SystemExit(f"bench: {path.name}: {record['name']}: {record['error_message']}")
    return found


def in_turns(programs, rounds, options_of):
    """Every program once a round, forth and back; their benchmarks in the order of the programs."""
    found = {}
    start = time.monotonic()
    for turn in range(rounds):
        for path in programs if turn % 2 == 0 else reversed(programs):
            note(f"round {turn + 1} of {rounds}, {time.monotonic() - start:.0f} s: {path.name}")
            for record in run_once(path, options_of(path.name))["benchmarks"]:
                name = record["name"].removesuffix("/real_time").removesuffix("/iterations:1")
                key = (path.name, name)
                found.setdefault(key, Benchmark(path.name.removesuffix("_bench"), name)).add(record)
    note(f"{rounds} rounds in {time.monotonic() - start:.0f} s", last=True)
    order = {path.name: place for place, path in enumerate(programs)}
    return [found[key] for key in sorted(found, key=lambda key: order[key[0]])]


def note(words, last=False):
    """Progress, on a terminal in one line that is written again and again."""
    if sys.stderr.isatty():
        print(f"\r{words:79}", end="\n" if last else "", file=sys.stderr, flush=True)
    elif last:
        print(words, file=sys.stderr)


def cache_sizes(path):
    """Of the machine, as the program says them: {1: bytes, 2: bytes, 3: bytes}; instructions left out."""
    context = run_once(path, ["--benchmark_filter=fused", "--benchmark_min_time=0.01"])["context"]
    return {c["level"]: c["size"] for c in context.get("caches", []) if c["type"] != "Instruction"}
