#!/usr/bin/env python3
"""check_logits.py MODEL < LINES: the largest difference between our logits and PyTorch's.

LINES are what `./limpid logits` prints: {"ids": [...], "logits": [[...], ...]}. Prints JSON:
{"difference": 1e-6, "logits": how many were compared}.
"""
import json
import math
import sys

import torch

from pytorch_models import load_model

model = load_model(sys.argv[1])
difference, count = 0.0, 0
for line in map(json.loads, sys.stdin):
    ours = torch.tensor(line["logits"], dtype=torch.float64)
    theirs = model(line["ids"])
    if ours.shape != theirs.shape:
        sys.exit(f"check_logits: ours are {list(ours.shape)}, theirs {list(theirs.shape)}")
    largest = float((ours - theirs).abs().max())
    if not math.isfinite(largest):  # Python's max() would lose a NaN
        sys.exit("check_logits: a logit is no finite number")
    difference = max(difference, largest)
    count += ours.numel()
print(json.dumps({"difference": difference, "logits": count}))
