#!/usr/bin/python3
"""./dev bench: how fast everything is, and what share of this machine's peak that is.

    bench/report.py build/bench                        all benchmarks; writes bench/REPORT.md, bench/report/
    bench/report.py build/bench softmax_bench          prints the table of one program

Programs run in turns, --rounds times; every figure is a median over the rounds.
"""
import argparse
import datetime
import pathlib
import platform
import re
import subprocess

import pictures
from peaks import Peaks, seconds_text, table
from runs import in_turns, run_once

HERE = pathlib.Path(__file__).resolve().parent
# Not in a full run: minutes of work that no round needs again. `./dev bench byte_pair` has it.
LEFT_OUT = {"byte_pair_bench": "-train_large"}
MEMORY = "step_memory_bench"


def first_line(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, cwd=HERE, check=True).stdout.split("\n")[0]
    except (OSError, subprocess.CalledProcessError):
        return ""


def cached(folder, name):
    """A value from CMakeCache.txt of the build that `folder` belongs to."""
    text = (folder.parent / "CMakeCache.txt").read_text() if (folder.parent / "CMakeCache.txt").exists() else ""
    found = re.search(rf"^{name}:[A-Z]+=(.*)$", text, re.M)
    return found[1] if found else ""


def processor():
    try:
        found = re.search(r"^model name\s*:\s*(.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
        return found[1] if found else platform.machine()
    except OSError:
        return first_line("sysctl", "-n", "machdep.cpu.brand_string") or platform.machine()


def cache_sizes(context):
    """Of the machine, by level: {1: bytes, 2: bytes, 3: bytes}; instructions left out."""
    return {c["level"]: c["size"] for c in context.get("caches", []) if c["type"] != "Instruction"}


# --- Memory of a step -------------------------------------------------------------------------------

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


PARTS = ["parameters", "gradients", "moments", "caches", "logits", "in flight", "workspaces", "gaps"]


def memory_table(sizes):
    lines = [f"{'memory of a step, MB':24}" + "".join(f"{size:>11}" for size in sizes)]
    for part in PARTS + ["counted", "measured"]:
        lines.append(f"{part:24}" + "".join(f"{parts[part + ' MB']:11.1f}" for parts in sizes.values()))
    lines.append(f"{'measured / counted':24}" +
                 "".join(f"{p['measured MB'] / p['counted MB']:11.3f}" for p in sizes.values()))
    lines.append(f"{'page faults a step':24}" + "".join(f"{p['page faults']:11.0f}" for p in sizes.values()))
    return "\n".join(lines)


# --- The report -------------------------------------------------------------------------------------

def find(benchmarks, program, start=""):
    return [b for b in benchmarks if b.program == program and b.name.startswith(start)]


def fence(text):
    return f"```\n{text}\n```\n"


def peak_table(peaks):
    sizes = [("first cache", 32 << 10), ("second", 512 << 10), ("third", 8 << 20), ("memory", 1 << 40)]
    lines = [f"{'threads':>7} {'GFLOP/s':>9}" + "".join(f"{name + ', GB/s':>19}" for name, _ in sizes)]
    for threads in sorted(peaks.bandwidth):
        lines.append(f"{threads:7} {peaks.gflops(threads):9.1f}" +
                     "".join(f"{peaks.gigabytes(threads, size):19.1f}" for _, size in sizes))
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


def write_report(folder, benchmarks, peaks, memory, context, rounds):
    out = HERE / "report"
    out.mkdir(exist_ok=True)
    for old in out.glob("*.svg"):
        old.unlink()

    def picture(name, svg, words):
        (out / f"{name}.svg").write_text(svg)
        return f"![{words}](report/{name}.svg)\n"

    compiler = cached(folder, "CMAKE_CXX_COMPILER")
    caches = ", ".join(f"level {level} {size >> 10} KB" for level, size in sorted(cache_sizes(context).items()))
    commit = first_line("git", "describe", "--always", "--dirty", "--exclude=*")
    text = f"""# How fast it is

Written by `./dev bench`; do not edit. {datetime.date.today()}, commit {commit}.

- Processor: {processor()}, {peaks.all_threads} cores used; caches: {caches}
- Compiler: {first_line(compiler, '--version') if compiler else ''}, -march={cached(folder, 'LIMPID_ARCH')}
- {rounds} rounds, in each of which all programs ran once, forth and back; figures are medians over the rounds

A share of the peak is the time that the work must take at least, over the time that it took: its
floating-point operations at the measured peak (flop), or its bytes, each input read once and each output
written once, at the measured bandwidth of as large a working set (cache, memory), whichever takes longer.

## The machine's peaks

{fence(peak_table(peaks))}
{picture('bandwidth', pictures.bandwidth(benchmarks), 'Bandwidth against working set')}
Multiply-adds out of registers, and bytes read or moved by a triad (a = b + f c), whichever was faster
([machine_bench.cpp](machine_bench.cpp)).

## The ladder: one product, step by step

{picture('ladder', pictures.ladder(find(benchmarks, 'ladder'), peaks), 'The ladder of products')}
{fence(table(find(benchmarks, 'ladder'), peaks))}
Each step is a small file in [ladder](ladder/ladder.hpp); every product is checked to be right. The library's
kernel is [packed_matmul](../src/limpid/core/packed_matmul.hpp).

## The roofline

{picture('roofline', pictures.roofline(benchmarks, peaks), 'Roofline')}
Work that does many operations with each byte can reach the flat roof; work that does few is held under the
slopes by the cache or the memory that its bytes come from.

## A training step

{fence(train_table(benchmarks, peaks))}
Forward, backward, clipping and AdamW of the gpt2 family
([train_step_bench.cpp](train_step_bench.cpp)); `./dev bench peers` runs PyTorch beside it. Operations by the
formula 6 x (parameters without positions) + 12 x layers x width x context for each token.

{picture('scaling', pictures.scaling(benchmarks, peaks), 'Cost of a token against context, width, layers, vocabulary')}
{fence(scaling_table(benchmarks, peaks))}
From 4 layers of width 256, context 128, vocabulary 1024, one size changes, with 1024 tokens a step. Dotted: the
formula's operations at the machine's peak.

## Threads

{picture('threads', pictures.threads(benchmarks), 'Tokens per second against threads')}
{fence(threads_table(benchmarks, peaks))}
Steps of the size baby: 6 layers of width 384, context 256, batch 8.

## Memory of a step

{fence(memory_table(memory))}
What the parts are is said in [step_memory.hpp](../src/limpid/train/step_memory.hpp); measured is what the
process grew by. `./limpid inspect --model DIR --memory` prints it for any model.

## All benchmarks

{fence(table([b for b in benchmarks if b.program != 'machine'], peaks))}
Where softmax, activations and cross-entropy reach a small share of a bandwidth, their exponentials take the time.
Tokenizers are held against one reading of their text.
"""
    (HERE / "REPORT.md").write_text(text)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=pathlib.Path, help="where the programs are")
    arguments.add_argument("programs", nargs="*", help="only these, and no report")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=float, default=0.05, help="of each benchmark in a round, at least")
    arguments.add_argument("--filter", help="only benchmarks whose name matches this, and no report")
    a = arguments.parse_args()
    if a.rounds < 1:
        arguments.error("--rounds must be at least 1")
    everything = not a.programs and not a.filter
    names = a.programs or sorted(path.stem for path in HERE.glob("*_bench.cpp"))
    paths = [a.folder / name for name in names]
    with_memory = any(path.name == MEMORY for path in paths)
    machine = a.folder / "machine_bench"
    paths = [machine] + [path for path in paths if path.name not in (machine.name, MEMORY)]

    def options_of(program):
        options = [f"--benchmark_min_time={a.seconds}"]
        if a.filter and program != machine.name:
            options.append(f"--benchmark_filter={a.filter}")
        elif everything and program in LEFT_OUT:
            options.append(f"--benchmark_filter={LEFT_OUT[program]}")
        return options

    context = run_once(machine, ["--benchmark_filter=fused", "--benchmark_min_time=0.01"])["context"]
    benchmarks = in_turns(paths, a.rounds, options_of)
    peaks = Peaks(benchmarks, max(cache_sizes(context).values(), default=32 << 20))
    shown = [b for b in benchmarks if b.program != "machine" or everything or machine.name in a.programs]
    if shown:
        print(table(shown, peaks))
    if with_memory:
        memory = memory_of_steps(a.folder / MEMORY)
        print(("\n" if shown else "") + memory_table(memory))
    if everything:
        write_report(a.folder.resolve(), benchmarks, peaks, memory, context, a.rounds)
        print("\nwritten: bench/REPORT.md, bench/report/*.svg")


if __name__ == "__main__":
    main()
