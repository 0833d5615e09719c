"""UAGGAN, written channel-last under the names of its TensorFlow code."""

import copy

import torch
from torch import nn
from torch.nn import functional as F

from golden import Frozen, Pool, PoolDraws, TensorflowAdam, descend, noise, numbers, pictures, pool_inputs, save, scalar, seeded
from golden import steady, unsettle, write_net, write_training

words = {"Conv.weight": "Conv/weights", "Conv.bias": "Conv/biases", "Conv2d_transpose.weight": "Conv2d_transpose/weights"}
words |= {"Conv2d_transpose.bias": "Conv2d_transpose/biases"}
words |= {"instance_norm.weight": "instance_norm/scale", "instance_norm.bias": "instance_norm/offset"}


def place(name):
    """`r1.c1.Conv.weight` as `r1/c1/Conv/weights`."""
    *path, layer, kind = name.split(".")
    return "/".join([*path, words[f"{layer}.{kind}"]])


def turned(name, value):
    return value.transpose(2, 3, 1, 0) if name.endswith("weights") else value


def last(value):
    return value.transpose(0, 2, 3, 1) if value.ndim == 4 else value


class Layer(nn.Module):
    """A convolution and, where it has one, its norm; padded as TensorFlow's SAME unless `padding` says otherwise."""

    def __init__(self, before, after, kernel, stride=1, padding=None, normed=True):
        super().__init__()
        self.Conv = nn.Conv2d(before, after, kernel, stride)
        self.padding = padding
        if normed:
            self.instance_norm = nn.InstanceNorm2d(after, affine=True)

    def forward(self, x, normed=True):
        kernel, stride = self.Conv.kernel_size[0], self.Conv.stride[0]
        if self.padding == "reflect":
            x = F.pad(x, (kernel // 2,) * 4, "reflect")
        elif self.padding is not None:
            x = F.pad(x, (self.padding,) * 4)
        else:
            # Of even sides: a stride of 2 leaves one row less to pad in front.
            before = (kernel - stride) // 2
            x = F.pad(x, (before, kernel - stride - before) * 2)
        y = self.Conv(x)
        return self.instance_norm(y) if normed and hasattr(self, "instance_norm") else y


class Enlarging(nn.Module):
    def __init__(self, before, after):
        super().__init__()
        self.Conv2d_transpose = nn.ConvTranspose2d(before, after, 3, 2)
        self.instance_norm = nn.InstanceNorm2d(after, affine=True)

    def forward(self, x):
        return self.instance_norm(self.Conv2d_transpose(x)[:, :, :-1, :-1])


class Residual(nn.Module):
    def __init__(self, width, padding):
        super().__init__()
        self.c1, self.c2 = Layer(width, width, 3, 1, padding), Layer(width, width, 3, 1, padding)

    def forward(self, x):
        return F.relu(x + self.c2(F.relu(self.c1(x))))


class Attention(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.c1, self.c2, self.r1 = Layer(3, w, 7, 2, "reflect"), Layer(w, 2 * w, 3, 2), Residual(2 * w, "reflect")
        # As the code runs: kernels of 1 x 1.
        self.c4, self.c5, self.c6 = Layer(2 * w, 2 * w, 1), Layer(2 * w, w, 1), Layer(w, 1, 1, normed=False)

    def forward(self, x):
        y = self.r1(F.relu(self.c2(F.relu(self.c1(x)))))
        y = F.relu(self.c4(F.interpolate(y, scale_factor=2)))
        return torch.sigmoid(self.c6(F.relu(self.c5(F.interpolate(y, scale_factor=2)))))


class Generator(nn.Module):
    def __init__(self, w, blocks=9):
        super().__init__()
        self.c1, self.c2, self.c3 = Layer(3, w, 7), Layer(w, 2 * w, 3, 2), Layer(2 * w, 4 * w, 3, 2)
        self.blocks = [f"r{index}" for index in range(1, blocks + 1)]
        for name in self.blocks:
            setattr(self, name, Residual(4 * w, None))
        self.c4, self.c5, self.c6 = Enlarging(4 * w, 2 * w), Enlarging(2 * w, w), Layer(w, 3, 7, normed=False)

    def forward(self, x):
        y = F.relu(self.c3(F.relu(self.c2(F.relu(self.c1(x))))))
        for name in self.blocks:
            y = getattr(self, name)(y)
        return torch.tanh(self.c6(F.relu(self.c5(F.relu(self.c4(y))))))


class Discriminator(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.c1, self.c2, self.c3 = Layer(3, w, 4, 2, 2), Layer(w, 2 * w, 4, 2, 2), Layer(2 * w, 4 * w, 4, 2, 2)
        self.c4, self.c5 = Layer(4 * w, 8 * w, 4, 1, 2), Layer(8 * w, 1, 4, 1, 2, normed=False)

    def forward(self, image, mask, threshold, normed):
        y = image * (mask >= threshold)
        for layer in (self.c1, self.c2, self.c3, self.c4):
            y = F.leaky_relu(layer(y, normed), 0.2)
        return self.c5(y)


def spelled(results, state, given):
    tensors = {f"weight/{place(name)}": turned(place(name), numbers(value)) for name, value in state.items()}
    for name, value in given.items():
        tensors["cotangent/y" if name == "cotangent_y" else f"input/{name}"] = last(numbers(value))
    for name, value in results.items():
        if name.startswith("grad/"):
            tensors[f"grad/weight/{place(name[5:])}"] = turned(place(name[5:]), value)
        elif name.startswith("grad_input/"):
            tensors[f"grad/input/{name[11:]}"] = last(value)
        else:
            tensors["loss" if name == "loss/total" else name] = last(value)
    return tensors


def write_whole(path, config):
    w, d, (height, width), seed = config["ngf"], config["ndf"], (config["height"], config["width"]), config["seed"]
    makers = {"g_A": lambda: Generator(w), "g_B": lambda: Generator(w), "g_A_ae": lambda: Attention(w)}
    makers |= {"g_B_ae": lambda: Attention(w), "d_A": lambda: Discriminator(d), "d_B": lambda: Discriminator(d)}
    generator = torch.Generator().manual_seed(seed)
    networks = {name: unsettle(seeded(seed + i, make), generator) for i, (name, make) in enumerate(makers.items())}
    given = {name: pictures(1, 3, height, width, seed + i) for i, name in enumerate(("images_a", "images_b", "fake_pool_a", "fake_pool_b"))}
    for side in "ab":
        given[f"fake_pool_{side}_mask"] = torch.rand(1, 1, height, width, generator=generator).repeat(1, 3, 1, 1)
    n = {name: copy.deepcopy(network).double() for name, network in networks.items()}
    x = {name: value.double() for name, value in given.items()}

    def translated(side, image):
        mask, raw = n[f"g_{side}_ae"](image), n[f"g_{side}"](image)
        return mask * raw + (1 - mask) * image, mask, raw

    a, b = x["images_a"], x["images_b"]
    judge = lambda side, image, mask: n[f"d_{side}"](image, mask, config["transition_rate"], config["discriminator_norm"])
    (fake_b, mask_a, raw_a), (fake_a, mask_b, raw_b) = translated("A", a), translated("B", b)
    (back_a, mask_bcycle, raw_fake_b), (back_b, mask_acycle, raw_fake_a) = translated("B", fake_b), translated("A", fake_a)
    outputs = {"mask_a": mask_a, "mask_b": mask_b, "mask_acycle": mask_acycle, "mask_bcycle": mask_bcycle}
    outputs |= {"g_A_of_a": raw_a, "g_B_of_b": raw_b, "g_A_of_fake_a": raw_fake_a, "g_B_of_fake_b": raw_fake_b}
    outputs |= {"fake_images_a": fake_a, "fake_images_b": fake_b, "cycle_images_a": back_a, "cycle_images_b": back_b}
    # A real picture stands behind its own mask, a fake behind that of its source.
    scores = {"real_a": judge("A", a, mask_a), "real_b": judge("B", b, mask_b)}
    scores |= {"fake_a": judge("A", fake_a, mask_b), "fake_b": judge("B", fake_b, mask_a)}
    scores |= {f"fake_pool_{s}": judge(s.upper(), x[f"fake_pool_{s}"], x[f"fake_pool_{s}_mask"]) for s in "ab"}
    outputs |= {f"prob_{name}_is_real": value for name, value in scores.items()}
    square = lambda value, target: (value - target).pow(2).mean()
    losses = {"cycle_a_x10": 10 * F.l1_loss(back_a, a), "cycle_b_x10": 10 * F.l1_loss(back_b, b)}
    losses |= {f"lsgan_{s}": square(scores[f"fake_{s}"], 1) for s in "ab"}
    cycles = losses["cycle_a_x10"] + losses["cycle_b_x10"]
    losses |= {"g_loss_A": cycles + losses["lsgan_b"], "g_loss_B": cycles + losses["lsgan_a"]}
    losses |= {f"d_loss_{s.upper()}": (square(scores[f"real_{s}"], 1) + square(scores[f"fake_pool_{s}"], 0)) / 2 for s in "ab"}
    tensors = {f"input/{name}": last(numbers(value)) for name, value in given.items()}
    tensors |= {f"output/{name}": last(numbers(value)) for name, value in outputs.items()}
    tensors |= {f"loss/{name}": scalar(value) for name, value in losses.items()}
    for name, network in n.items():
        own = {place(key): value for key, value in network.named_parameters()}
        side = name[2]
        loss = losses[f"d_loss_{side}" if name.startswith("d") else f"g_loss_{side}"]
        gradients = torch.autograd.grad(loss, own.values(), retain_graph=True, allow_unused=True)
        for (key, value), gradient in zip(own.items(), gradients):
            tensors[f"weight/{name}/{key}"] = turned(key, numbers(value))
            tensors[f"grad/{name}/{key}"] = turned(key, numbers(torch.zeros_like(value) if gradient is None else gradient))
    save(path, tensors, config=config, kind="net", layout="NHWC")


@steady
def write_uaggan_training(path, config):
    """Before the switch everything trains on whole pictures; behind it the attention stays, and D sees what masks show."""
    seed, size, iterations = config["seed"], config["size"], config["iterations"]
    makers = {name: lambda: Generator(config["ngf"], config["blocks"]) for name in ("g_A", "g_B")}
    makers |= {name: lambda: Attention(config["ngf"]) for name in ("g_A_ae", "g_B_ae")}
    makers |= {name: lambda: Discriminator(config["ndf"]) for name in ("d_A", "d_B")}
    networks = {name: seeded(seed + i, make) for i, (name, make) in enumerate(makers.items())}
    inputs = {f"images_{side}/{i}": pictures(1, 3, *size, seed + 10 * i + (side == "b")) for side in "ab" for i in range(iterations)}
    inputs |= pool_inputs("pool", config, config["pool_size"])
    square = lambda value, target: (value - target).pow(2).mean()

    def trainer(n, x):
        draws = PoolDraws(x["pool_uniform"], x["pool_index"])
        pools = {side: Pool(config["pool_size"], draws) for side in "AB"}
        shared = config["shared_steps"]
        adam = lambda *names: TensorflowAdam(config, [each for name in names for each in n[name].parameters()], shared)
        if shared:
            optimizers = dict.fromkeys(("g_A", "g_B", "d_A", "d_B"), adam(*n))
        else:
            optimizers = {"g_A": adam("g_A", "g_A_ae"), "g_B": adam("g_B", "g_B_ae"), "d_A": adam("d_A"), "d_B": adam("d_B")}

        def translated(side, image):
            mask = n[f"g_{side}_ae"](image)
            return mask * n[f"g_{side}"](image) + (1 - mask) * image, mask

        def step(iteration, record):
            images = {"A": x[f"images_a/{iteration}"], "B": x[f"images_b/{iteration}"]}
            switched = iteration >= config["switch_epoch"]
            threshold, normed = (config["threshold"], False) if switched else (0.0, True)
            for side, other in (("A", "B"), ("B", "A")):
                trained = [f"g_{side}"] + ([] if switched else [f"g_{side}_ae"])
                with Frozen(*(network for name, network in n.items() if name not in trained)):
                    made = {way: translated(way, images[way]) for way in "AB"}
                    back = {"A": translated("B", made["A"][0])[0], "B": translated("A", made["B"][0])[0]}
                    cycles = {way: F.l1_loss(back[way], images[way]) for way in "AB"}
                    fake, mask = made[side]
                    judged = square(n[f"d_{other}"](fake, mask, threshold, normed), 1)
                    total = config["lambda_a"] * cycles["A"] + config["lambda_b"] * cycles["B"] + judged
                    descend(optimizers[f"g_{side}"], total)
                record.gradients(*trained, step=f"g_{side}_step/")
                optimizers[f"g_{side}"].step()
                record.losses(**{"cycle_a": cycles["A"], "cycle_b": cycles["B"], f"lsgan_{other.lower()}": judged, f"g_loss_{side}": total})
                shown = pools[other].query(torch.cat([fake, mask], 1))
                judge, own = n[f"d_{other}"], n[f"g_{other}_ae"](images[other]).detach()
                loss = square(judge(images[other], own, threshold, normed), 1)
                loss = (loss + square(judge(shown[:, :3], shown[:, 3:], threshold, normed), 0)) / 2
                descend(optimizers[f"d_{other}"], loss)
                record.gradients(f"d_{other}", step=f"d_{other}_step/")
                optimizers[f"d_{other}"].step()
                record.losses(**{f"d_loss_{other}": loss})

        return step

    return write_training(path, networks, inputs, trainer, config)


def write(folder):
    common = {"batch": 1, "beta1": 0.5, "beta2": 0.999, "eps": 1e-8, "epsilon_at": "running", "lambda_a": 10, "lambda_b": 10}
    weighted = {"lambda_a": 4, "lambda_b": 6}
    for seed, (switch, pool, shared, other) in enumerate([(1, 1, False, {}), (0, 0, False, weighted), (2, 0, True, {})]):
        config = {"ngf": 3, "ndf": 3, "blocks": 2, "size": [24, 32], "iterations": 3, "switch_epoch": switch, "threshold": 0.3}
        config |= {"pool_size": pool, "lr": 1e-4, "shared_steps": shared, **common, **other, "seed": 9 * seed + 1}
        write_uaggan_training(folder / f"train_step_{seed}.safetensors", config)
    for name, seed, make, size in (("attention", 0, lambda: Attention(5), (24, 36)), ("generator", 1, lambda: Generator(3), (20, 28))):
        config = {"ngf": 5 if name == "attention" else 3, "ndf": 4, "height": size[0], "width": size[1], "seed": seed}
        module, given = seeded(seed, make), {"image": pictures(2, 3, *size, seed)}
        given["cotangent_y"] = noise(*module(given["image"]).shape, seed=seed)
        losses = {"total": lambda m, x: (m(x["image"]) * x["cotangent_y"]).mean()}
        forward = lambda m, x: {"y": m(x["image"])}
        path = folder / f"{name}_0.safetensors"
        write_net(path, module, given, forward, config, losses, differentiable=["image"], spelled=spelled)
    for seed, (threshold, normed) in enumerate([(0.0, True), (0.3, False)]):
        config = {"ngf": 4, "ndf": 3, "height": 28, "width": 44, "transition_rate": threshold, "donorm": normed, "seed": seed}
        module = seeded(seed, lambda: Discriminator(3))
        mask = torch.rand(2, 1, 28, 44, generator=torch.Generator().manual_seed(seed)).repeat(1, 3, 1, 1)
        given = {"image": pictures(2, 3, 28, 44, seed), "mask": mask}
        score = lambda m, x: m(x["image"], x["mask"], threshold, normed)
        given["cotangent_y"] = noise(*score(module, given).shape, seed=seed)
        losses = {"total": lambda m, x: (score(m, x) * x["cotangent_y"]).mean()}
        path = folder / f"discriminator_{seed}.safetensors"
        write_net(path, module, given, lambda m, x: {"y": score(m, x)}, config, losses, differentiable=["image"], spelled=spelled)
        config = {"ngf": 2, "ndf": 3, "height": 24, "width": 32, "transition_rate": threshold, "discriminator_norm": normed}
        write_whole(folder / f"whole_{seed}.safetensors", {**config, "skip": False, "seed": 10 * seed})
