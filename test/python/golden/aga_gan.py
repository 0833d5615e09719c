"""AGA-GAN and its dual-attention U-Net, written channel-last under Keras' names."""

import re

import torch
from torch import nn
from torch.nn import functional as F

from golden import Frozen, TensorflowAdam, descend, noise, numbers, pictures, seeded, steady, write_net, write_training

leaky = lambda x: F.leaky_relu(x, 0.25)


def keras_names(kind, parts):
    return {part: kind if index == 0 else f"{kind}_{index}" for index, part in enumerate(parts)}


def channel_last(layers):
    """The file's spelling: layers by Keras' names, kernels [height, width, in, out], pictures [N, H, W, C]."""
    last = lambda array: array.transpose(0, 2, 3, 1) if array.ndim == 4 else array
    kernel = lambda array: array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T

    def spelled(results, state, given):
        def layer(name):
            part, kind = name.rsplit(".", 1)
            return f"{layers[part]}/{'kernel' if kind == 'weight' else 'bias'}"

        tensors = {}
        for name, value in state.items():
            value = numbers(value)
            tensors["weight/" + layer(name)] = kernel(value) if name.endswith("weight") else value
        for name, value in given.items():
            tensors[re.sub("^input/cotangent_", "cotangent/", "input/" + name)] = last(numbers(value))
        for name, value in results.items():
            if name.startswith("grad/"):
                part = layer(name[5:])
                tensors["grad/weight/" + part] = kernel(value) if part.endswith("kernel") else value
            elif name.startswith("grad_input/"):
                tensors["grad/input/" + name[11:]] = last(value)
            elif name.startswith("output/"):
                tensors[name] = last(value)
            elif name == "loss/total":
                tensors["loss"] = value
        return tensors

    return spelled


class Keras(nn.Module):
    """Layers by the names of the paper's table: `conv("f1", 64, 64)` pads to the same size."""

    def conv(self, name, before, after, kernel=3, stride=1):
        self.put(name, nn.Conv2d(before, after, kernel, stride, (kernel - 1) // 2))

    def put(self, name, layer):
        *path, last = name.split(".")
        at = self
        for part in path:
            if not hasattr(at, part):
                at.add_module(part, nn.Module())
            at = getattr(at, part)
        at.add_module(last, layer)

    def of(self, name):
        return self.get_submodule(name)

    def enlarged(self, name, x):
        """TensorFlow's depth to space: all channels of one place of the 2 x 2 stand together."""
        y = self.of(name)(x)
        count, channels, height, width = y.shape
        y = y.reshape(count, 2, 2, channels // 4, height, width).permute(0, 3, 4, 1, 5, 2)
        return F.relu(y.reshape(count, channels // 4, 2 * height, 2 * width))

    def attributes(self, dense, attributes, side):
        return leaky(self.of(dense)(attributes)).reshape(-1, side, side, 3).permute(0, 3, 1, 2)


class Generator(Keras):
    def __init__(self, w, low, attributes, scale, block="code"):
        super().__init__()
        self.low, self.scale, wide = low, scale, 4 * w
        self.is_figure = block == "figure"
        self.put("d", nn.Linear(attributes, 3 * low**2))
        chain = lambda names, *widths: [self.conv(name, i, o) for name, i, o in zip(names, widths, widths[1:])]
        chain(("l1", "l2", "l3"), 3, w, w, w)
        chain(("a1", "a2", "a3"), 3, w, w, w)
        chain(("f1", "f2", "f3", "S0"), 2 * w, 2 * w, wide, wide, 4 * wide)
        self.conv("c1", 3, 2 * w)
        for name, before in (("c2", wide), ("c3", 2 * wide), ("c4", 2 * wide), ("c5", wide)):
            self.conv(name, before, wide)
        self.conv("X0", wide, 4 * wide)
        for block in ("R1", "R2", "R3"):
            for at in range(1, 6):
                self.conv(f"{block}.x{at}", wide + (at - 1) * 2 * w, wide if at == 5 else 2 * w)
        for number in (1, 2, 3):
            for part in ("main1", "main2", "mask1"):
                self.conv(f"att{number}.{part}", wide, wide)
            self.conv(f"att{number}.mask2", wide, wide if number == 3 else 1, 1 if number == 1 else 3)
            if number < 3 and self.is_figure:
                self.conv(f"att{number}.attr1", 1 + wide, wide)
            elif number < 3:
                self.conv(f"att{number}.attr1", 2 * wide, wide)
                self.conv(f"att{number}.attr2", wide, wide)
        self.conv("f5", wide, 8 * w)
        self.conv("f6", 2 * w, 8 * w)
        self.conv("u3", 2 * wide, 4 * wide)
        self.conv("u2", wide + 2 * w, 8 * w)
        self.put("u1", nn.ConvTranspose2d(4 * w, 2 * w, 3, 1, 1))
        if scale == 16:
            self.conv("u0", 2 * w, 8 * w)
        self.conv("out", 2 * w, 3)

    def dense_block(self, name, x):
        known = [x]
        for at in range(1, 6):
            known.append(leaky(self.of(f"{name}.x{at}")(torch.cat(known, 1))))
        return 0.4 * known[-1] + x

    def forward(self, image, attributes):
        layer, join = self.of, lambda *parts: torch.cat(parts, 1)
        l3 = layer("l3")(leaky(layer("l2")(leaky(layer("l1")(image)))))
        a3 = layer("a3")(leaky(layer("a2")(leaky(layer("a1")(self.attributes("d", attributes, self.low))))))
        f1 = leaky(layer("f1")(join(a3, l3)))
        f2 = leaky(layer("f2")(f1))
        f3 = leaky(layer("f3")(f2))
        guide = self.enlarged("S0", f3)
        c2 = leaky(layer("c2")(join(leaky(layer("c1")(image)), f1)))
        c3 = leaky(layer("c3")(join(self.dense_block("R1", c2), f2)))
        c4 = leaky(layer("c4")(join(self.dense_block("R2", c3), f3)))
        start = self.enlarged("X0", leaky(layer("c5")(0.4 * self.dense_block("R3", c4) + c2)))
        x, masks = start, {}
        for number in (1, 2, 3):
            part = lambda name: layer(f"att{number}.{name}")
            if self.is_figure:
                # A rectifier behind every convolution, the shortcut behind the first, the mask itself in the guide.
                mask = masks[f"mask{number}"] = torch.sigmoid(part("mask2")(F.relu(part("mask1")(guide))))
                inner = F.relu(part("main1")(x))
                x = inner + F.relu(part("main2")(inner)) * mask
                guide = F.relu(part("attr1")(join(mask, x))) if number < 3 else guide
                continue
            mask = masks[f"mask{number}"] = torch.sigmoid(part("mask2")(part("mask1")(guide)))
            x = x + part("main2")(part("main1")(x)) * mask
            if number < 3:
                guide = part("attr2")(part("attr1")(join(guide, x)))
        x = x + start
        f4 = x + guide
        f5 = self.enlarged("f5", f4)
        f6 = self.enlarged("f6", f5)
        y = self.enlarged("u2", join(self.enlarged("u3", join(x, f4)), f5))
        y = leaky(layer("u1")(join(y, f6)))
        if self.scale == 16:
            y = self.enlarged("u0", y)
        return {"y": torch.tanh(layer("out")(y)), **masks}

    def layers(self):
        blocks = [[f"c{at + 1}"] + [f"R{at}.x{i}" for i in range(1, 6)] for at in (1, 2, 3)]
        attention = [f"att{n}.{part}" for n in (1, 2, 3) for part in ("main1", "main2", "mask1", "mask2", "attr1", "attr2")[: 4 if n == 3 else 6]]
        # The x16 script makes an enlargement and a transposed convolution that nothing reads.
        ends = ["u3", "u2", "out"] if self.scale == 8 else ["unread", "u3", "u2", "u0", "out"]
        names = ["l1", "l2", "l3", "a1", "a2", "a3", "f1", "f2", "f3", "S0", "c1", *sum(blocks, []), "X0", *attention, "f5", "f6", *ends]
        return keras_names("conv2d", names) | {"d": "dense", "c5": "findout", "u1": "conv2d_transpose"}


class Discriminator(Keras):
    def __init__(self, w, high, side, attributes, transposed, strided):
        super().__init__()
        self.side, self.strided, self.transposed = side, strided, transposed
        self.put("a1", nn.Linear(attributes, 3 * side**2))
        self.conv("a2", 3, w)
        self.conv("a3", w, w)
        if transposed:
            self.put("a4", nn.ConvTranspose2d(w, 2 * w, 4, 2, 1))
        else:
            self.conv("a4", w, 8 * w)
        plan = [("c1", 3, w, 3), ("c2", w, w, 4), ("c3", w, w, 3), ("c4", w, 2 * w, 4)]
        plan += [("c4b", 2 * w, 2 * w, 4)] if strided else []
        plan += [("c5", 4 * w, 2 * w, 3), ("c6", 2 * w, 4 * w, 4), ("c7", 4 * w, 4 * w, 3), ("c8", 4 * w, 3 * w, 4), ("c9", 3 * w, 3 * w, 3)]
        for name, before, after, kernel in plan:
            self.conv(name, before, after, kernel, 2 if kernel == 4 else 1)
        self.names = [name for name, *_ in plan]
        last = high // (2**5 if strided else 2**4)
        self.put("d1", nn.Linear(3 * w * last**2, 32 * w))
        self.put("d2", nn.Linear(32 * w, 1))

    def forward(self, image, attributes):
        a = leaky(self.of("a3")(leaky(self.of("a2")(self.attributes("a1", attributes, self.side)))))
        a = leaky(self.of("a4")(a)) if self.transposed else self.enlarged("a4", a)
        y = image
        for name in self.names:
            y = leaky(self.of(name)(torch.cat([y, a], 1) if name == "c5" else y))
        dense = self.of("d1")(y.permute(0, 2, 3, 1).flatten(1))
        return {"y": torch.sigmoid(self.of("d2")(F.leaky_relu(dense, 0.2))), "dense1": dense}

    def layers(self):
        convs = ["a2", "a3", *([] if self.transposed else ["a4"]), *self.names]
        own = keras_names("conv2d", convs) | keras_names("dense", ["a1", "d1", "d2"])
        return own | ({"a4": "conv2d_transpose"} if self.transposed else {})


class DualAttentionUnet(Keras):
    def __init__(self, w, ratio):
        super().__init__()
        for at, (before, width) in enumerate(((6, w), (w, 2 * w), (2 * w, 4 * w)), 1):
            self.conv(f"E{at}.conv1", before, width)
            self.conv(f"E{at}.conv2", width, width)
            self.gate(f"E{at}", width, ratio)
        self.conv("B.conv1", 4 * w, 8 * w, 1)
        self.conv("B.conv2", 8 * w, 8 * w)
        self.conv("B.conv3", 8 * w, 8 * w)
        self.gate("B", 8 * w, ratio)
        for at, width in ((3, 4 * w), (2, 2 * w), (1, w)):
            self.conv(f"D{at}.up", 2 * width, 4 * width)
            self.conv(f"D{at}.merge", 2 * width, width)
            self.conv(f"D{at}.spatial1", width, width // 4, 1)
            self.conv(f"D{at}.spatial2", width // 4, 1, 1)
            self.conv(f"D{at}.p", width, width)
            self.conv(f"D{at}.q", width, width)
            self.gate(f"D{at}", width, ratio)
        self.conv("D3.last", 4 * w, 4 * w, 1)
        self.conv("out", w, 3)

    def gate(self, name, width, ratio):
        self.put(f"{name}.se.fc1", nn.Linear(width, width // ratio))
        self.put(f"{name}.se.fc2", nn.Linear(width // ratio, width))

    def forward(self, image):
        layer, gates = self.of, {}

        def squeezed(name, y):
            gate = torch.sigmoid(layer(f"{name}.se.fc2")(F.relu(layer(f"{name}.se.fc1")(y.mean((2, 3))))))
            gates[f"channel_{name}"] = gate
            return y * gate[:, :, None, None]

        y, skips = image, {}
        for at in (1, 2, 3):
            y = squeezed(f"E{at}", leaky(layer(f"E{at}.conv2")(layer(f"E{at}.conv1")(y))))
            skips[at], y = y, F.max_pool2d(y, 2)
        y = squeezed("B", leaky(layer("B.conv3")(layer("B.conv2")(layer("B.conv1")(y)))))
        for at in (3, 2, 1):
            part = lambda name: layer(f"D{at}.{name}")
            h = F.relu(part("merge")(torch.cat([skips[at], self.enlarged(f"D{at}.up", y)], 1)))
            spatial = gates[f"spatial_D{at}"] = torch.sigmoid(part("spatial2")(F.relu(part("spatial1")(h))))
            p = part("p")((spatial + 1) * squeezed(f"D{at}", h))
            y = p + leaky(part("q")(p))
            if at == 3:
                y = part("last")(y)
        return {"y": torch.tanh(layer("out")(y)), **gates}

    def layers(self):
        convs = [f"E{at}.conv{i}" for at in (1, 2, 3) for i in (1, 2)] + [f"B.conv{i}" for i in (1, 2, 3)]
        for at in (3, 2, 1):
            convs += [f"D{at}.{part}" for part in ("up", "merge", "spatial1", "spatial2", "p", "q")] + (["D3.last"] if at == 3 else [])
        gates = [f"{level}.se.fc{i}" for level in ("E1", "E2", "E3", "B", "D3", "D2", "D1") for i in (1, 2)]
        return keras_names("conv2d", [*convs, "out"]) | keras_names("dense", gates)


def write_case(path, module, given, forward, config):
    shape = forward(module, given)["y"].shape
    given = {**given, "cotangent_y": noise(*shape, seed=config["seed"] + 5)}
    losses = {"total": lambda m, x: (forward(m, x)["y"] * x["cotangent_y"]).mean()}
    inputs = [name for name in given if name != "cotangent_y"]
    # No code of the authors' names the figure's layers.
    spelled = None if config.get("block") == "figure" else channel_last(module.layers())
    write_net(path, module, given, forward, config, losses, differentiable=inputs, spelled=spelled)


@steady
def write_aga_training(path, config):
    width, low, scale, batch = 32 // config["width_divisor"], config["low_resolution"], config["scale"], config["batch"]
    seed, attributes = config["seed"], 5
    make_discriminator = lambda: Discriminator(width, low * scale, low, attributes, config["branch"] == "transposed", False)
    networks = {"G": seeded(seed, lambda: Generator(width, low, attributes, scale)), "D": seeded(seed + 1, make_discriminator)}
    generator, inputs = torch.Generator().manual_seed(seed), {}
    for i in range(config["iterations"]):
        inputs[f"high/{i}"] = pictures(batch, 3, low * scale, low * scale, seed + i)
        inputs[f"low/{i}"] = F.avg_pool2d(inputs[f"high/{i}"], scale)
        inputs[f"attributes/{i}"] = torch.randint(-1, 2, (batch, attributes), generator=generator).float()
        for name, least, most in (("real", 0.8, 1), ("fake", 0, 0.2), ("deceive", 0.8, 1)):
            inputs[f"{name}/{i}"] = least + (most - least) * torch.rand(batch, generator=generator)

    def trainer(n, x):
        G, D = n["G"], n["D"]
        optimizer = TensorflowAdam(config, [*G.parameters(), *D.parameters()], config["shared_steps"])

        def step(iteration, record):
            low, high, known = (x[f"{name}/{iteration}"] for name in ("low", "high", "attributes"))
            judge = lambda image, targets: F.binary_cross_entropy(D(image, known)["y"], x[f"{targets}/{iteration}"][:, None])
            fake = G(low, known)["y"].detach()
            record.outputs(fake=fake)
            for name, image in (("real", high), ("fake", fake)):
                loss = judge(image, name)
                descend(optimizer, loss)
                record.gradients("D", step=f"D_{name}/")
                optimizer.step()
                record.losses(**{f"D__loss_{name}": loss})
            with Frozen(D):
                made = G(low, known)["y"]
                pixel, adversarial = 0.75 * F.l1_loss(made, high), judge(made, "deceive")
                total = pixel + config["lambda_adversarial"] * adversarial
                descend(optimizer, total)
            record.gradients("G", step="G_step/")
            optimizer.step()
            record.losses(G__loss_pixel=pixel, G__loss_adv=adversarial, G__loss=total)

        return step

    return write_training(path, networks, inputs, trainer, config)


def write(folder):
    common = {"iterations": 3, "scale": 8, "lr": 1e-4, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "epsilon_at": "running"}
    for seed, (divisor, low, batch, branch, shared, weight) in enumerate([(16, 4, 2, "sub-pixel", True, 0.003), (16, 6, 1, "transposed", False, 0.1)]):
        config = {"width_divisor": divisor, "low_resolution": low, "batch": batch, "branch": branch, "shared_steps": shared}
        write_aga_training(folder / f"train_step_{seed}.safetensors", {**config, **common, "lambda_adversarial": weight, "seed": 10 * seed})
    told = lambda batch, seed: torch.randint(-1, 2, (batch, 38), generator=torch.Generator().manual_seed(seed)).float()
    both = lambda m, x: m(x["image"], x["attributes"])
    sizes = [(16, 6, 8, 2, "code"), (16, 4, 16, 1, "code"), (8, 4, 8, 1, "code"), (16, 5, 8, 2, "figure"), (16, 3, 16, 1, "figure")]
    for seed, (divisor, low, scale, batch, block) in enumerate(sizes):
        config = {"width_divisor": divisor, "low_resolution": low, "batch": batch, "scale": scale, "leaky": 0.25, "block": block}
        config["seed"] = seed
        given = {"image": pictures(batch, 3, low, low, seed), "attributes": told(batch, seed)}
        module = seeded(seed, lambda: Generator(32 // divisor, low, 38, scale, block))
        write_case(folder / f"gen_{seed}.safetensors", module, given, both, config)
    for seed, (divisor, high, side, transposed, strided) in enumerate([(16, 32, 4, False, False), (8, 48, 6, True, False), (16, 64, 4, False, True)]):
        config = {"width_divisor": divisor, "high_resolution": high, "batch": 2, "attribute_side": side, "seed": seed}
        given = {"image": pictures(2, 3, high, high, seed), "attributes": told(2, seed)}
        module = seeded(seed, lambda: Discriminator(32 // divisor, high, side, 38, transposed, strided))
        write_case(folder / f"disc_{seed}.safetensors", module, given, both, config)
    config = {"width_divisor": 8, "height": 24, "width": 40, "batch": 2, "se_ratio": 4, "seed": 3}
    module, given = seeded(3, lambda: DualAttentionUnet(4, 4)), {"image": pictures(2, 6, 24, 40, 3)}
    write_case(folder / "unet_0.safetensors", module, given, lambda m, x: m(x["image"]), config)
