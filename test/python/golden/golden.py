"""Golden files: what networks and training steps compute in float32, with the distance of each number from float64.

Tensors are named as in the golden files of the authors' codes: `weight/`, `input/`, `output/`, `loss/`, `grad/`, `grad_input/`,
`before/`, `after/`. Every case is run twice, in float32, which is stored, and in float64, which says how far rounding reaches.
"""

import copy
import json
from pathlib import Path

import numpy as np
import torch

torch.set_num_threads(1)
statistics = ("running_mean", "running_var")


def save(path, tensors, **metadata):
    """Writes float32 tensors as safetensors."""
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in metadata.items()}
    header, blobs, offset = {"__metadata__": texts}, [], 0
    for name in sorted(tensors):
        array = np.asarray(tensors[name], dtype="<f4")
        header[name] = {"dtype": "F32", "shape": array.shape, "data_offsets": [offset, offset + array.nbytes]}
        blobs.append(array.tobytes())
        offset += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(len(text).to_bytes(8, "little") + text + b"".join(blobs))


def numbers(value):
    return value.detach().double().numpy().copy()


def scalar(value):
    return np.array([float(value.detach() if isinstance(value, torch.Tensor) else value)])


def noise(*shape, seed):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def pictures(count, channels, height, width, seed, low=-1.0):
    """Uniform values in [low, 1]."""
    uniform = torch.rand(count, channels, height, width, generator=torch.Generator().manual_seed(seed))
    return low + (1 - low) * uniform


def labels(count, attributes, seed):
    return (torch.rand(count, attributes, generator=torch.Generator().manual_seed(seed)) > 0.5).float()


def seeded(seed, build):
    torch.manual_seed(seed)
    return build()


def unsettle(module, generator):
    """Gives biases, norms, running statistics and gammas values that are not those of the start."""
    normal = lambda tensor: torch.randn(tensor.shape, generator=generator)
    for name, parameter in module.named_parameters():
        if name.endswith("gamma"):
            parameter.data = 0.4 + 0.1 * normal(parameter)
        elif name.endswith("bias"):
            parameter.data = 0.1 * normal(parameter)
        elif parameter.ndim == 1 and name.endswith("weight"):
            parameter.data = 1 + 0.3 * normal(parameter)
        elif name.endswith(("weight_u", "weight_v")):
            parameter.data = torch.nn.functional.normalize(normal(parameter), dim=0)
    for name, buffer in module.named_buffers():
        if name.endswith("running_mean"):
            buffer.copy_(0.2 * normal(buffer))
        if name.endswith("running_var"):
            buffer.copy_(0.5 + torch.rand(buffer.shape, generator=generator))
    return module


def rounding(single, double, before=None):
    """`float64_check` of each result, and the gradients that are zero but for rounding."""
    checks, zeros = {}, []
    for name, exact in double.items():
        apart = np.abs(single[name] - exact)
        checks[name] = [float(np.abs(exact).max(initial=0)), float(apart.max(initial=0))]
        if before is not None and name.startswith("after/"):
            change = float(np.linalg.norm(exact - before[name[6:]]))
            checks[name].append(float(np.linalg.norm(apart)) / change if change else 0.0)
        if name.startswith("grad") and checks[name][0] < 1e-12:
            zeros.append(name)
    return checks, zeros


def cast(tensors, dtype):
    return {name: value.to(dtype) if value.is_floating_point() else value for name, value in tensors.items()}


def write_net(path, module, inputs, forward, config, losses=None, evaluated=(), differentiable=(), spelled=None):
    """One pass and every loss with its gradients.

    `forward(module, inputs)` gives outputs by name; without `losses` the loss `total` is the sum of mean(output * cotangent).
    `evaluated` names outputs that are also given in evaluation mode. `spelled(results, state, given)` writes other names.
    """
    generator = torch.Generator().manual_seed(config.get("seed", 0) + 1)
    unsettle(module, generator)
    state = copy.deepcopy(module.state_dict())
    given = dict(inputs)
    if losses is None:
        outputs = forward(copy.deepcopy(module), inputs)
        given |= {"cotangent_" + name: torch.randn(value.shape, generator=generator) for name, value in outputs.items()}
        terms = lambda m, x: [(value * x["cotangent_" + name]).mean() for name, value in forward(m, x).items()]
        losses = {"total": lambda m, x: sum(terms(m, x))}

    def run(dtype):
        results, own, values = {}, copy.deepcopy(module).to(dtype), cast(given, dtype)
        reset = lambda: own.load_state_dict(cast(state, dtype))
        if evaluated:
            reset()
            outputs = forward(own.eval(), values)
            results |= {f"output/{name}_evalmode": numbers(outputs[name]) for name in evaluated}
        reset()
        results |= {"output/" + name: numbers(value) for name, value in forward(own.train(), values).items()}
        results |= {"after/" + name: numbers(value) for name, value in own.named_buffers() if name.endswith(statistics)}
        for loss_name, loss_of in losses.items():
            part = "" if loss_name == "total" else loss_name + "/"
            reset()
            own.zero_grad()
            leaves = {name: value.clone().requires_grad_() if name in differentiable else value for name, value in values.items()}
            loss = loss_of(own, leaves)
            loss.backward()
            results["loss/" + loss_name] = scalar(loss)
            for name, parameter in own.named_parameters():
                if not name.endswith(("weight_u", "weight_v")):
                    gradient = parameter.grad if parameter.grad is not None else torch.zeros_like(parameter)
                    results[f"grad/{part}{name}"] = numbers(gradient)
            results |= {f"grad_input/{part}{name}": numbers(leaves[name].grad) for name in differentiable}
        return results

    single, double = run(torch.float32), run(torch.float64)
    if spelled is not None:
        return save(path, spelled(double, state, given), config=config, kind="net", layout="NHWC")
    checks, zeros = rounding(single, double)
    tensors = single | {"weight/" + name: numbers(value) for name, value in state.items()}
    tensors |= {"input/" + name: numbers(value) for name, value in given.items()}
    save(path, tensors, config=config, kind="net", float64_check=checks, noise_keys=zeros)


class Record:
    """What one training step lets be seen."""

    def __init__(self, networks, iteration, results):
        self.networks, self.iteration, self.results = networks, iteration, results

    def losses(self, **values):
        self.results |= {f"loss/{self.iteration}/{name.replace('__', '/')}": scalar(value) for name, value in values.items()}

    def outputs(self, **values):
        if self.iteration == 0:
            self.results |= {f"output/0/{name}": numbers(value) for name, value in values.items()}

    def gradients(self, *names, step=""):
        for network in names if self.iteration == 0 else ():
            for name, parameter in self.networks[network].named_parameters():
                if parameter.grad is not None:
                    self.results[f"grad/0/{step}{network}.{name}"] = numbers(parameter.grad)

    def last(self, name, value):
        self.results[name] = scalar(value)


def write_training(path, networks, inputs, trainer, config, noise_keys=(), names=None):
    """`trainer(networks, inputs)` gives the function `step(iteration, record)` of one training, with optimisers of its own.

    `names` are shapes by network and name of weights that a formula makes.
    """
    generator = torch.Generator().manual_seed(config.get("seed", 0) + 1)
    state = {name: copy.deepcopy(unsettle(network, generator).state_dict()) for name, network in networks.items()}
    flat = lambda states: {f"{name}.{key}": numbers(value) for name, own in states.items() for key, value in own.items()}

    def run(dtype):
        results, own = {}, {name: copy.deepcopy(network).to(dtype).train() for name, network in networks.items()}
        step = trainer(own, cast(inputs, dtype))
        for iteration in range(config["iterations"]):
            step(iteration, Record(own, iteration, results))
        after = flat({name: network.state_dict() for name, network in own.items()})
        return results | {"after/" + name: value for name, value in after.items()}

    before, single, double = flat(state), run(torch.float32), run(torch.float64)
    checks, zeros = rounding(single, double, before)
    # Adam makes whole steps of gradients that are zero but for rounding.
    noisy = sorted({*noise_keys, *zeros, *("after/" + name.split("/")[-1] for name in zeros)})
    tensors = single | {"before/" + name: value for name, value in before.items()}
    tensors |= {"input/" + name: numbers(value) for name, value in inputs.items()}
    save(path, tensors, config=config, kind="train", float64_check=checks, noise_keys=noisy, **({"names": names} if names else {}))
    return max(check[2] for name, check in checks.items() if len(check) == 3 and name not in noisy)


def steady(writer):
    """Draws anew until float32 and float64 take the same turns at every ReLU and every |x|: a hundredth of what training changed."""

    def tried(*given):
        *rest, config = given
        for seed in range(config["seed"], config["seed"] + 20):
            if writer(*rest, {**config, "seed": seed}) < 0.01:
                return
        raise ValueError(f"{rest[0]}: must be steady for one of 20 seeds, got none")

    return tried


def adam(config, *modules, rate="lr"):
    parameters = [each for module in modules for each in module.parameters() if each.requires_grad]
    betas = (config["beta1"], config["beta2"])
    return torch.optim.Adam(parameters, lr=config[rate], betas=betas, eps=config["eps"])


class TensorflowAdam:
    """Adam that adds epsilon to the root of v before its correction; counts every call, or each parameter's own steps."""

    def __init__(self, config, parameters, counts_calls):
        self.config, self.calls, self.counts_calls = config, 0, counts_calls
        self.parameters, self.moments = list(parameters), {}

    def zero_grad(self):
        for each in self.parameters:
            each.grad = None

    def step(self):
        rate, beta1, beta2 = (self.config[name] for name in ("lr", "beta1", "beta2"))
        self.calls += 1
        with torch.no_grad():
            for each in self.parameters:
                if each.grad is None:
                    continue
                steps, m, v = self.moments.get(each, (0, torch.zeros_like(each), torch.zeros_like(each)))
                m, v = beta1 * m + (1 - beta1) * each.grad, beta2 * v + (1 - beta2) * each.grad**2
                self.moments[each] = (steps + 1, m, v)
                count = self.calls if self.counts_calls else steps + 1
                corrected = rate * (1 - beta2**count) ** 0.5 / (1 - beta1**count)
                each -= corrected * m / (v.sqrt() + self.config["eps"])


def descend(optimizer, loss):
    """Gradients of `loss` for the optimiser's parameters alone."""
    optimizer.zero_grad()
    loss.backward()


class Frozen:
    """Modules that get no gradient inside the block."""

    def __init__(self, *modules):
        self.parameters = [each for module in modules for each in module.parameters() if each.requires_grad]

    def __enter__(self):
        for each in self.parameters:
            each.requires_grad_(False)

    def __exit__(self, *_):
        for each in self.parameters:
            each.requires_grad_(True)


def unpaired_pictures(config):
    """Pictures of both sides for every iteration."""
    (height, width), batch = config["size"], config["batch"]
    return {
        f"real_{side}/{i}": pictures(batch, 3, height, width, 10 * i + (side == "B"))
        for side in "AB"
        for i in range(config["iterations"])
    }


def pool_inputs(name, config, size):
    """What two pools of `size` pictures draw in every iteration, for PoolDraws."""
    generator, count = torch.Generator().manual_seed(config["seed"]), 2 * config["batch"] * config["iterations"]
    uniform = torch.rand(count, generator=generator)
    index = torch.randint(0, max(1, size), (count,), generator=generator).float()
    return {f"{name}_uniform": uniform, f"{name}_index": index}


class PoolDraws:
    """Random numbers of image pools, taken by full ones only."""

    def __init__(self, uniform, index):
        self.uniform, self.index, self.used = uniform.tolist(), index.tolist(), 0

    def next(self):
        self.used += 1
        return self.uniform[self.used - 1], int(self.index[self.used - 1])


class Pool:
    def __init__(self, size, draws):
        self.size, self.draws, self.stored = size, draws, []

    def query(self, images):
        if self.size == 0:
            return images.detach()
        shown = []
        for image in images.detach().split(1):
            if len(self.stored) < self.size:
                self.stored.append(image)
                shown.append(image)
                continue
            uniform, index = self.draws.next()
            if uniform > 0.5:
                shown.append(self.stored[index])
                self.stored[index] = image
            else:
                shown.append(image)
        return torch.cat(shown)
