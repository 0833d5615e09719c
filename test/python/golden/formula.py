"""Tensors that a formula gives by their names (fixtures/inception/README.md)."""

import numpy
import torch


def uniform(name, count):
    value = 0x811C9DC5
    for byte in name.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    z = ((numpy.arange(count, dtype=numpy.uint64) + numpy.uint64(value)) * numpy.uint64(0x9E3779B9)).astype(numpy.uint32)
    z ^= z >> numpy.uint32(16)
    z *= numpy.uint32(0x21F0AAAD)
    z ^= z >> numpy.uint32(15)
    z *= numpy.uint32(0x735A2D97)
    z ^= z >> numpy.uint32(15)
    return z / 2.0**32


def tensor(name, shape):
    u = uniform(name, int(numpy.prod(shape)))
    s = 2 * u - 1
    if name.endswith("running_mean"):
        values = 0.1 * s
    elif name.endswith("running_var"):
        values = 0.8 + 0.4 * u
    elif len(shape) == 4:
        values = s * numpy.sqrt(6 / numpy.prod(shape[1:]))
    elif len(shape) == 2:
        values = s * numpy.sqrt(3 / shape[1])
    elif name.endswith("weight"):
        values = 0.9 + 0.2 * u
    else:
        values = 0.1 * s
    return torch.from_numpy(values.astype("float32").reshape(shape))
