"""Times scikit-image's structural_similarity on one pair; answers each JSON line with one."""

import base64
import json
import os
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy
from skimage.metrics import structural_similarity

pair = []
for line in sys.stdin:
    request = json.loads(line)
    if "side" in request:
        side = request["side"]
        pair = [
            numpy.frombuffer(base64.b64decode(request[name]), numpy.uint8).reshape(side, side)
            for name in ("reference", "image")
        ]
        print(json.dumps({}), flush=True)
        continue
    options = {"data_range": 255}
    if request["gaussian"]:
        options |= {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    start = time.perf_counter()
    for _ in range(request["count"]):
        value = structural_similarity(*pair, **options)
    print(json.dumps({"ms": 1000 * (time.perf_counter() - start), "value": float(value)}), flush=True)
