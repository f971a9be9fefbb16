"""GPT-2 and Llama in plain PyTorch, over the tensors of a Hugging Face directory, in float64.

Written from the published architectures, and only what config.json says is taken from us: so a
directory that these models read with the same logits means to others what it means to us.
"""
import json
import math
import pathlib

import torch
from torch.nn import functional as F

from model_files import read_safetensors, widened


def load_model(directory):
    """A function from a list of token ids to logits [T, V]."""
    directory = pathlib.Path(directory)
    config = json.loads((directory / "config.json").read_text())
    _, tensors = read_safetensors(directory / "model.safetensors")
    weights = {name: torch.from_numpy(widened(*tensor)).double()
               for name, tensor in tensors.items()}
    forward = {"gpt2": gpt2, "llama": llama}[config["model_type"]]
    return lambda ids: forward(config, weights, torch.tensor(ids))


def attend(q, k, v):
    """Causal attention: q, k, v [H, T, D]."""
    scores = q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])
    future = torch.triu(torch.ones_like(scores, dtype=torch.bool), 1)
    heads = torch.softmax(scores.masked_fill(future, -math.inf), -1) @ v
    return heads.transpose(0, 1).flatten(1)  # [T, H * D]


def split_heads(x, heads):
    return x.reshape(len(x), heads, -1).transpose(0, 1)  # [T, H * D] to [H, T, D]


def gpt2(config, w, ids):
    epsilon, width = config["layer_norm_epsilon"], config["n_embd"]

    def norm(x, name):
        return F.layer_norm(x, (width,), w[name + ".weight"], w[name + ".bias"], epsilon)

    def conv1d(x, name):  # the weight is [in, out]
        return x @ w[name + ".weight"] + w[name + ".bias"]

    def gelu_new(x):
        return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))

    x = w["transformer.wte.weight"][ids] + w["transformer.wpe.weight"][:len(ids)]
    for n in range(config["n_layer"]):
        h = f"transformer.h.{n}."
        qkv = conv1d(norm(x, h + "ln_1"), h + "attn.c_attn").chunk(3, 1)
        x = x + conv1d(attend(*(split_heads(part, config["n_head"]) for part in qkv)),
                       h + "attn.c_proj")
        x = x + conv1d(gelu_new(conv1d(norm(x, h + "ln_2"), h + "mlp.c_fc")), h + "mlp.c_proj")
    head = w["transformer.wte.weight" if config["tie_word_embeddings"] else "lm_head.weight"]
    return norm(x, "transformer.ln_f") @ head.T


def llama(config, w, ids):
    heads, groups = config["num_attention_heads"], config["num_key_value_heads"]
    size = config["hidden_size"] // heads

    def norm(x, name):
        scale = torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + config["rms_norm_eps"])
        return x * scale * w[name + ".weight"]

    # Channel i of a head turns with channel i + size / 2.
    frequency = config["rope_theta"] ** (-torch.arange(0, size, 2).double() / size)
    angle = torch.outer(torch.arange(len(ids)).double(), frequency).repeat(1, 2)

    def rotate(x):
        first, second = x.chunk(2, -1)
        return x * angle.cos() + torch.cat((-second, first), -1) * angle.sin()

    x = w["model.embed_tokens.weight"][ids]
    for n in range(config["num_hidden_layers"]):
        h = f"model.layers.{n}."
        y = norm(x, h + "input_layernorm")
        q, k, v = (split_heads(y @ w[f"{h}self_attn.{p}_proj.weight"].T, count)
                   for p, count in (("q", heads), ("k", groups), ("v", groups)))
        # Each head of keys and values serves heads / groups heads of queries, neighbours.
        k, v = (part.repeat_interleave(heads // groups, 0) for part in (rotate(k), v))
        x = x + attend(rotate(q), k, v) @ w[h + "self_attn.o_proj.weight"].T
        y = norm(x, h + "post_attention_layernorm")
        gated = F.silu(y @ w[h + "mlp.gate_proj.weight"].T) * (y @ w[h + "mlp.up_proj.weight"].T)
        x = x + gated @ w[h + "mlp.down_proj.weight"].T
    head = w["model.embed_tokens.weight" if config["tie_word_embeddings"] else "lm_head.weight"]
    return norm(x, "model.norm") @ head.T
