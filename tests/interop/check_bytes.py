#!/usr/bin/env python3
"""check_bytes.py STATE MODEL: is every number of the exported directory the one that was trained?

STATE is the run's state.safetensors, which has the parameters in our names and layout; MODEL is the
exported directory, in Hugging Face's. Each of its tensors is made from ours here, with the rules
written down anew, and the bytes must be the same; for BF16 after rounding here. Prints JSON:
{"tensors": how many, "bytes": how many}.
"""
import json
import pathlib
import sys

import numpy as np

from model_files import read_safetensors, rounded_to_bf16


def gpt2(config, ours):
    theirs = {"transformer.wte.weight": ours["embedding.weight"],
              "transformer.wpe.weight": ours["positions.weight"],
              "transformer.ln_f.weight": ours["final_norm.gain"],
              "transformer.ln_f.bias": ours["final_norm.bias"]}
    for n in range(config["n_layer"]):
        block, h = f"blocks.{n}.", f"transformer.h.{n}."
        for mine, other in (("norm1", "ln_1"), ("norm2", "ln_2")):
            theirs[f"{h}{other}.weight"] = ours[f"{block}{mine}.gain"]
            theirs[f"{h}{other}.bias"] = ours[f"{block}{mine}.bias"]
        for mine, other in (("attention.qkv", "attn.c_attn"), ("attention.out", "attn.c_proj"),
                            ("feed_forward.up", "mlp.c_fc"), ("feed_forward.down", "mlp.c_proj")):
            theirs[f"{h}{other}.weight"] = ours[f"{block}{mine}.weight"].T  # Conv1D: [in, out]
            theirs[f"{h}{other}.bias"] = ours[f"{block}{mine}.bias"]
    return theirs


def llama(config, ours):
    size = config["hidden_size"] // config["num_attention_heads"]
    queries, keys = config["num_attention_heads"] * size, config["num_key_value_heads"] * size
    theirs = {"model.embed_tokens.weight": ours["embedding.weight"],
              "model.norm.weight": ours["final_norm.gain"]}
    for n in range(config["num_hidden_layers"]):
        block, h = f"blocks.{n}.", f"model.layers.{n}."
        qkv = np.split(ours[block + "attention.qkv.weight"], [queries, queries + keys])
        gate_up = np.split(ours[block + "feed_forward.gate_up.weight"], 2)
        for name, part in zip("qkv", qkv):
            theirs[f"{h}self_attn.{name}_proj.weight"] = part
        for name, part in zip(("gate", "up"), gate_up):
            theirs[f"{h}mlp.{name}_proj.weight"] = part
        theirs[h + "self_attn.o_proj.weight"] = ours[block + "attention.out.weight"]
        theirs[h + "mlp.down_proj.weight"] = ours[block + "feed_forward.down.weight"]
        theirs[h + "input_layernorm.weight"] = ours[block + "norm1.gain"]
        theirs[h + "post_attention_layernorm.weight"] = ours[block + "norm2.gain"]
    return theirs


def main(state, directory):
    directory = pathlib.Path(directory)
    config = json.loads((directory / "config.json").read_text())
    prefix = "parameter/"
    ours = {name[len(prefix):]: array for name, (_, array) in read_safetensors(state)[1].items()
            if name.startswith(prefix)}
    expected = {"gpt2": gpt2, "llama": llama}[config["model_type"]](config, ours)
    if not config["tie_word_embeddings"]:
        expected["lm_head.weight"] = ours["head.weight"]
    metadata, tensors = read_safetensors(directory / "model.safetensors")
    if metadata != {"format": "pt"}:
        sys.exit(f"check_bytes: __metadata__ is {metadata}, expected format: pt")
    if expected.keys() != tensors.keys():
        sys.exit(f"check_bytes: names differ: {sorted(expected.keys() ^ tensors.keys())}")
    total = 0
    for name, (dtype, array) in tensors.items():
        want = rounded_to_bf16(expected[name]) if dtype == "BF16" else expected[name]
        if array.shape != want.shape or array.tobytes() != np.ascontiguousarray(want).tobytes():
            sys.exit(f"check_bytes: {name} differs")
        total += array.nbytes
    print(json.dumps({"tensors": len(tensors), "bytes": total}))


main(*sys.argv[1:])
