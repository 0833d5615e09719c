"""Times torch-fidelity's, pytorch-fid's and prdc's metrics of two feature files; answers each JSON line with one.

Request {"real", "fake"} loads two .npy files [N, d]; {"task"} runs one metric: {"ms", "value"}.
"""

import json
import os
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "2"

import numpy
import torch

torch.set_num_threads(2)

from prdc import compute_prdc
from pytorch_fid.fid_score import calculate_frechet_distance
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric


def torch_fidelity_fid(real, fake):
    statistics = [fid_features_to_statistics(torch.from_numpy(rows)) for rows in (real, fake)]
    return fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"]


def pytorch_fid(real, fake):
    rows = [numpy.asarray(side, dtype=numpy.float64) for side in (real, fake)]
    statistics = [(numpy.mean(side, axis=0), numpy.cov(side, rowvar=False)) for side in rows]
    return calculate_frechet_distance(*statistics[0], *statistics[1])


def torch_fidelity_kid(real, fake):
    rows = [torch.from_numpy(side) for side in (real, fake)]
    options = {"kid_subsets": 100, "kid_subset_size": 1000, "rng_seed": 2020, "verbose": False}
    return kid_features_to_metric(*rows, **options)["kernel_inception_distance_mean"]


def prdc(real, fake):
    return compute_prdc(real, fake, nearest_k=5)


tasks = {task.__name__: task for task in (torch_fidelity_fid, pytorch_fid, torch_fidelity_kid, prdc)}
output, sys.stdout = sys.stdout, sys.stderr
sets = []
for line in sys.stdin:
    request = json.loads(line)
    if "real" in request:
        sets = [numpy.load(request[name]) for name in ("real", "fake")]
        answer = {}
    else:
        start = time.perf_counter()
        value = tasks[request["task"]](*sets)
        answer = {"ms": 1000 * (time.perf_counter() - start), "value": value}
    print(json.dumps(answer, default=float), file=output, flush=True)
