"""Writes the tensors under a prefix of a safetensors file with real PyTorch, in the forms in which checkpoints are found.

Usage: python write_pth.py GOLDEN.safetensors PREFIX FOLDER
"""

import json
import struct
import sys
from collections import OrderedDict
from pathlib import Path

import torch


def read(path, prefix):
    data = Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    tensors = OrderedDict()
    for name, entry in header.items():
        if name.startswith(prefix):
            begin, end = entry["data_offsets"]
            values = torch.frombuffer(bytearray(data[8 + length + begin : 8 + length + end]), dtype=torch.float32)
            tensors[name[len(prefix) :]] = values.reshape(entry["shape"]).clone()
    return tensors


def views(tensors):
    """The same values as transposed slices of one storage."""
    storage = torch.zeros(2 * sum(value.numel() for value in tensors.values()) + 3)
    result, offset = OrderedDict(), 3
    for name, value in tensors.items():
        turned = value.permute(*reversed(range(value.dim())))
        strides, step = [], 2
        for side in reversed(turned.shape):
            strides.insert(0, step)
            step *= side
        view = torch.as_strided(storage, turned.shape, strides, offset)
        view.copy_(turned)
        result[name] = view.permute(*reversed(range(value.dim())))
        offset += 2 * value.numel()
    return result


def main(golden, prefix, folder):
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    tensors = read(golden, prefix)
    parameters = OrderedDict((name, torch.nn.Parameter(value.clone())) for name, value in tensors.items())
    optimizer = torch.optim.Adam(parameters.values(), lr=1e-4)
    sum(value.square().sum() for value in parameters.values()).backward()
    optimizer.step()
    wrapped = {
        "epoch": 3,
        "state_dict": OrderedDict((f"module.{name}", value) for name, value in tensors.items()),
        "optimizer": optimizer.state_dict(),
    }
    counted = OrderedDict(tensors, **{"num_batches_tracked": torch.tensor(2**40, dtype=torch.int64)})
    torch.save(tensors, out / "zip.pth")
    torch.save(tensors, out / "legacy.pth", _use_new_zipfile_serialization=False)
    torch.save(tensors, out / "protocol-4.pth", pickle_protocol=4)
    torch.save(wrapped, out / "wrapped.pth")
    torch.save(wrapped, out / "wrapped-legacy.pth", _use_new_zipfile_serialization=False)
    torch.save(views(tensors), out / "views.pth")
    torch.save(views(tensors), out / "views-legacy.pth", _use_new_zipfile_serialization=False)
    torch.save(OrderedDict((name, torch.nn.Parameter(value)) for name, value in tensors.items()), out / "parameters.pth")
    torch.save(counted, out / "counted.pth")
    for kind in ("half", "bfloat16", "double"):
        torch.save(OrderedDict((name, getattr(value, kind)()) for name, value in tensors.items()), out / f"{kind}.pth")
    print(torch.__version__)


main(*sys.argv[1:])
