"""Times torch-fidelity's Inception v3 on one batch; answers each JSON line with one.

Request {"batch"} builds the network with random weights and answers its {"shapes"}; {"run"} extracts one batch: {"ms"}.
"""

import json
import sys
import time

import torch

torch.set_num_threads(2)
output, sys.stdout = sys.stdout, sys.stderr

from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

original = torch.load
network, images = None, None
for line in sys.stdin:
    request = json.loads(line)
    if "batch" in request:
        # The published weights are not needed for the time: nothing is read, and the network keeps its random ones.
        keep = torch.nn.Module.load_state_dict
        torch.nn.Module.load_state_dict = lambda self, *_args, **_kwargs: None
        torch.load = lambda *_args, **_kwargs: {}
        network = FeatureExtractorInceptionV3("inception-v3-compat", ["2048", "logits_unbiased"], __file__)
        torch.nn.Module.load_state_dict, torch.load = keep, original
        network.eval()
        images = torch.randint(0, 256, (request["batch"], 3, 299, 299), dtype=torch.uint8)
        shapes = {name: list(weight.shape) for name, weight in network.state_dict().items()}
        answer = {"shapes": shapes}
    else:
        start = time.perf_counter()
        with torch.no_grad():
            network(images)
        answer = {"ms": 1000 * (time.perf_counter() - start)}
    print(json.dumps(answer), file=output, flush=True)
