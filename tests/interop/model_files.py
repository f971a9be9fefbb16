"""A model directory's files, read by hand: struct, json and numpy, nothing of ours."""
import json
import pathlib
import struct

import numpy as np

# BF16 is unknown to numpy: read as integers, widened below.
DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}


def read_safetensors(path):
    """The metadata, and for each tensor (dtype's name, array as stored)."""
    data = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + length])
    body = memoryview(data)[8 + length:]
    metadata = header.pop("__metadata__", {})
    end = 0
    tensors = {}
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, after = entry["data_offsets"]
        array = np.frombuffer(body[begin:after], DTYPES[entry["dtype"]]).reshape(entry["shape"])
        if begin != end:
            raise ValueError(f"{path}: {name} begins at {begin}, expected {end}")
        end = after
        tensors[name] = (entry["dtype"], array)
    if end != len(body):
        raise ValueError(f"{path}: {len(body)} bytes of data, expected {end}")
    return metadata, tensors


def widened(dtype, array):
    """float32; a BF16 is the upper half of one."""
    if dtype == "BF16":
        return (array.astype(np.uint32) << 16).view(np.float32)
    return array.astype(np.float32)


def rounded_to_bf16(array):
    """The nearest BF16s (of two equally near ones the even one), as integers. Numbers, not NaN."""
    bits = np.ascontiguousarray(array, np.float32).view(np.uint32).astype(np.uint64)
    low, high = bits & 0xFFFF, bits >> 16
    up = (low > 0x8000) | ((low == 0x8000) & (high % 2 == 1))
    return (high + up).astype(np.uint16)
