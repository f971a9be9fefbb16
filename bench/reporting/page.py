"""bench/REPORT.md: what a full run found, in words, tables and pictures."""
import datetime
import pathlib
import platform
import re
import subprocess

from . import pictures
from .tables import find, memory_table, noisy, peak_table, scaling_table, table, threads_table, train_table

BENCH = pathlib.Path(__file__).resolve().parent.parent


def first_line(*command):
    try:
        output = subprocess.run(command, capture_output=True, text=True, cwd=BENCH, check=True).stdout
        return output.split("\n")[0]
    except (OSError, subprocess.CalledProcessError):
        return ""


def cached(folder, name):
    """A value from CMakeCache.txt of the build that `folder` belongs to."""
    file = folder.parent / "CMakeCache.txt"
    found = re.search(rf"^{name}:[A-Z]+=(.*)$", file.read_text(), re.M) if file.exists() else None
    return found[1] if found else ""


def processor():
    try:
        found = re.search(r"^model name\s*:\s*(.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
        return found[1] if found else platform.machine()
    except OSError:
        return first_line("sysctl", "-n", "machdep.cpu.brand_string") or platform.machine()


def fence(text):
    return f"```\n{text}\n```\n"


def write_report(folder, benchmarks, peaks, memory, caches, rounds):
    out = BENCH / "report"
    out.mkdir(exist_ok=True)
    for old in out.glob("*.svg"):
        old.unlink()

    def picture(name, svg, words):
        (out / f"{name}.svg").write_text(svg)
        return f"![{words}](report/{name}.svg)\n"

    compiler = cached(folder, "CMAKE_CXX_COMPILER")
    levels = ", ".join(f"level {level} {size >> 10} KB" for level, size in sorted(caches.items()))
    complaint = noisy(benchmarks, peaks)
    noise = f"\n- Beware: {complaint}" if complaint else ""
    commit = first_line("git", "describe", "--always", "--dirty", "--exclude=*")
    text = f"""# How fast it is

Written by `./dev bench`; do not edit. {datetime.date.today()}, commit {commit}.

- Processor: {processor()}, {peaks.all_threads} cores used; caches: {levels}
- Compiler: {first_line(compiler, '--version') if compiler else ''}, -march={cached(folder, 'LIMPID_ARCH')}
- Rounds: {rounds}, in each of which all programs ran once; figures are medians over the rounds{noise}

A share of the peak is the time that the work must take at least, over the time that it took: its
floating-point operations at the measured peak (flop), or its bytes, each input read once and each output
written once, at the measured bandwidth of as large a working set (cache, memory), whichever takes longer.

## The machine's peaks

{fence(peak_table(peaks))}
{picture('bandwidth', pictures.bandwidth(benchmarks), 'Bandwidth against working set')}
Multiply-adds out of registers, and bytes read or moved by a triad (a = b + f c), whichever was faster
([machine_bench.cpp](machine_bench.cpp)); the best of the rounds, as a peak should be.

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

{picture('scaling', pictures.scaling(benchmarks, peaks), 'Cost of a token against each size')}
{fence(scaling_table(benchmarks, peaks))}
From 4 layers of width 256, context 128, vocabulary 1024, one size changes, with 512 tokens a step. Dotted:
the formula's operations at the machine's peak.

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
Of softmax, activations and cross-entropy only the bytes are counted, not the exponentials. Tokenizers and
sampling are held against one reading of their text or scores.
"""
    (BENCH / "REPORT.md").write_text(text)
