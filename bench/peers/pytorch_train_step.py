#!/usr/bin/python3
"""The training step of bench/train_step_bench in PyTorch, and the ratio between the two in one run.

    /usr/bin/python3 bench/peers/pytorch_train_step.py --ours build/bench/train_step_bench

Both sides run in turns, `--rounds` times; medians are compared. PyTorch may have one thread or all, whichever
it is faster with: on some machines its threads get in each other's way. Same work: gpt2 family, cross-entropy,
one global clip, AdamW with decay groups. Weights are drawn with deviation 0.02 (PyTorch's default
embeddings make denormal numbers here, and PyTorch slow).
"""
import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

SIZES = {  # layers, heads, width, time, batch, vocabulary
    "nano": (4, 4, 128, 64, 12, 65),
    "baby": (6, 6, 384, 256, 8, 65),
    "gpt2": (12, 12, 768, 64, 4, 50257),
}


class Block(nn.Module):
    def __init__(self, heads, width, time):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.register_buffer("mask", torch.ones(time, time).tril().bool())

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = self.qkv(self.norm1(x)).split(C, 2)
        q, k, v = (t.view(B, T, self.heads, C // self.heads).transpose(1, 2) for t in (q, k, v))
        scores = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
        scores = scores.masked_fill(~self.mask[:T, :T], float("-inf"))
        y = F.softmax(scores, -1) @ v
        x = x + self.out(y.transpose(1, 2).contiguous().view(B, T, C))
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))


class GPT(nn.Module):
    def __init__(self, layers, heads, width, time, vocab):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocab, width), nn.Embedding(time, width)
        self.blocks = nn.ModuleList(Block(heads, width, time) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocab, bias=False)
        self.head.weight = self.tokens.weight
        for p in self.parameters():
            if p.dim() >= 2:
                nn.init.normal_(p, std=0.02)

    def forward(self, ids):
        x = self.tokens(ids) + self.positions.weight[: ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


class PyTorch:
    def __init__(self, size):
        layers, heads, width, time_, batch, vocab = SIZES[size]
        torch.manual_seed(1)
        self.model = GPT(layers, heads, width, time_, vocab)
        parameters = list(self.model.parameters())
        self.optimizer = torch.optim.AdamW(
            [{"params": [p for p in parameters if p.dim() >= 2], "weight_decay": 0.1},
             {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0}],
            lr=1e-3, betas=(0.9, 0.99))
        self.ids = torch.randint(vocab, (batch, time_ + 1))
        self.tokens = batch * time_

    def step(self):
        logits = self.model(self.ids[:, :-1])
        loss = F.cross_entropy(logits.reshape(-1, logits.shape[-1]), self.ids[:, 1:].reshape(-1))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()

    def tokens_per_second(self, seconds):
        self.step()
        count, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            self.step()
            count += 1
        return count * self.tokens / (time.perf_counter() - start)


def ours(program, size, seconds):
    output = subprocess.run(
        [program, f"--benchmark_filter=/{size}/", f"--benchmark_min_time={seconds}",
         "--benchmark_format=json"], capture_output=True, text=True, check=True).stdout
    return json.loads(output)["benchmarks"][0]["tokens/s"]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--ours", required=True, help="the program train_step_bench")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=float, default=3, help="of each measurement")
    arguments.add_argument("--sizes", nargs="+", default=list(SIZES), choices=list(SIZES))
    arguments.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)),
                           help="PyTorch's, if it is not faster with one")
    a = arguments.parse_args()
    print(f"PyTorch {torch.__version__}; medians of {a.rounds} rounds in turns", file=sys.stderr)
    print(f"{'size':6} {'PyTorch tok/s':>14} {'threads':>8} {'limpid tok/s':>14} {'ratio':>7}")
    for size in a.sizes:
        peer, theirs, mine, tried = PyTorch(size), [], [], {}
        for count in {1, a.threads}:
            torch.set_num_threads(count)
            tried[count] = peer.tokens_per_second(a.seconds)
        threads = max(tried, key=tried.get)
        torch.set_num_threads(threads)
        for _ in range(a.rounds):
            theirs.append(peer.tokens_per_second(a.seconds))
            mine.append(ours(a.ours, size, a.seconds))
        t, m = statistics.median(theirs), statistics.median(mine)
        print(f"{size:6} {t:14,.0f} {threads:8} {m:14,.0f} {m / t:7.2f}", flush=True)


if __name__ == "__main__":
    main()
