#!/usr/bin/env python3
"""The speedrun and what each of its choices gave: one row per choice, undone by one --set line.

    ./dev bench speedrun tinyshakespeare.txt [--seeds 3]

Every run is a cold start: wall time from the start of the program to the saved model, with the loss on the
whole validation set (the file's last tenth) in windows of the model's context, every target once. The rows
take turns, seed by seed; medians. Writes bench/SPEEDRUN.md.
"""
import argparse
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

# What is changed, in --set words, and what the choice was.
ROWS = [
    ("", "the speedrun"),
    ("family=gpt2 hidden=256", "learned positions, layer norm, GELU for rotary, RMS norm, SwiGLU"),
    ("optimizer=adamw learning_rate=4e-3", "AdamW for Muon, at the best of 2e-3, 4e-3, 8e-3, 1.6e-2"),
    ("learning_rate=5e-3", "half the rate"),
    ("learning_rate=2e-2", "twice the rate"),
    ("adamw_rate=1", "the embedding and the head at Muon's rate, not at 4 times it"),
    ("decay=cosine", "a cosine for the straight line"),
    ("decay=none", "no decay"),
    ("warmup=50", "50 steps of warm-up, not 5"),
    ("context=64 batch=24", "windows of 64, not 32; equal tokens"),
    ("context=16 batch=96", "windows of 16"),
    ("batch=24 steps=640 warmup=10", "half the batch, twice the steps"),
    ("batch=96 steps=160", "twice the batch, half the steps"),
    ("tied=true", "one matrix for embedding and head"),
    ("rotary_base=10000", "the usual base of rotary positions, not 100"),
    ("heads=2", "two heads of 32, not four of 16"),
    ("initialization=mimetic", "attention that begins by copying"),
    ("weight_decay=0.1", "weight decay"),
    ("layers=1", "one layer"),
    ("layers=3", "three layers"),
    ("width=96 hidden=256", "width 96"),
]
PAGE = pathlib.Path(__file__).with_name("SPEEDRUN.md")


def run(text, settings, seed):
    """Validation loss and seconds from start to end."""
    folder = pathlib.Path(tempfile.mkdtemp())
    command = ["./limpid", "train", text, "--preset", "speedrun", "--out", str(folder / "run"), "--set",
               f"seed={seed}", *settings.split()]
    start = time.perf_counter()
    result = subprocess.run(command, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if result.returncode != 0:
        sys.exit(f"speedrun: {' '.join(command)}\n{result.stderr.strip()}")
    last = (folder / "run" / "metrics.jsonl").read_text().splitlines()[-1]
    shutil.rmtree(folder)
    return json.loads(last)["val_loss"], seconds


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("text", help="tinyshakespeare, or another text to try it on")
    arguments.add_argument("--seeds", type=int, default=3)
    a = arguments.parse_args()
    results = [[] for _ in ROWS]
    for seed in range(1, a.seeds + 1):
        for (settings, _), result in zip(ROWS, results):
            result.append(run(a.text, settings, seed))
            print(f"seed {seed}  {result[-1][0]:.4f} nats  {result[-1][1]:5.2f} s  {settings}", file=sys.stderr)
    lines = ["| changed with `--set` | what it is | nats per character | seconds |", "| --- | --- | --- | --- |"]
    for (settings, meaning), result in zip(ROWS, results):
        loss, seconds = (statistics.median(column) for column in zip(*result))
        lines.append(f"| {f'`{settings}`' if settings else ''} | {meaning} | {loss:.3f} | {seconds:.1f} |")
    head, _, rest = PAGE.read_text().partition("<!-- table -->\n")
    tail = rest.partition("<!-- end -->")[2]
    PAGE.write_text(f"{head}<!-- table -->\n" + "\n".join(lines) + f"\n<!-- end -->{tail}")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
