"""PGGAN as pro_gan_pytorch has it, and MSG-GAN."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from golden import noise, pictures, seeded, write_net

leaky = lambda x: F.leaky_relu(x, 0.2)
pixel_norm = lambda x: x / (x.pow(2).mean(1, keepdim=True) + 1e-8).sqrt()
enlarged = lambda x: F.interpolate(x, scale_factor=2)


class Equalized(nn.Module):
    """A convolution whose weights are scaled at run time."""

    def __init__(self, before, after, kernel, padding=0, transposed=False):
        super().__init__()
        self.transposed, self.padding = transposed, padding
        self.weight = nn.Parameter(torch.randn(*((before, after) if transposed else (after, before)), kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(after))
        self.scale = math.sqrt(2 / (before if transposed else before * kernel**2))

    def forward(self, x):
        convolve = F.conv_transpose2d if self.transposed else F.conv2d
        return convolve(x, self.weight * self.scale, self.bias, 1, self.padding)


def block(**layers):
    return nn.ModuleDict(layers)


def start(latent, width):
    return block(conv_1=Equalized(latent, width, 4, transposed=True), conv_2=Equalized(width, width, 3, 1))


def two(before, middle, after):
    return block(conv_1=Equalized(before, middle, 3, 1), conv_2=Equalized(middle, after, 3, 1))


def started(own, z):
    return pixel_norm(leaky(own["conv_2"](leaky(own["conv_1"](z[:, :, None, None])))))


def grown(own, y):
    return pixel_norm(leaky(own["conv_2"](pixel_norm(leaky(own["conv_1"](enlarged(y)))))))


def shrunk(own, y):
    return F.avg_pool2d(leaky(own["conv_2"](leaky(own["conv_1"](y)))), 2)


def judged(own, y, group):
    """With a map of the standard deviation within groups of pictures."""
    count, channels, height, width = y.shape
    size = min(group, count)
    apart = y.reshape(size, count // size, channels, height, width)
    deviation = ((apart - apart.mean(0, keepdim=True)).pow(2).mean(0) + 1e-8).sqrt().mean((1, 2, 3), keepdim=True)
    y = torch.cat([y, deviation.repeat(size, 1, height, width)], 1)
    return own["conv_3"](leaky(own["conv_2"](leaky(own["conv_1"](y))))).flatten()


def final_block(width):
    return block(conv_1=Equalized(width + 1, width, 3, 1), conv_2=Equalized(width, width, 4), conv_3=Equalized(width, 1, 1))


class ProgressiveGenerator(nn.Module):
    def __init__(self, depth, latent, widths, channels):
        super().__init__()
        self.layers = nn.ModuleList([start(latent, widths(1)), *[two(widths(t), widths(t + 1), widths(t + 1)) for t in range(1, depth - 1)]])
        self.rgb_converters = nn.ModuleList([Equalized(widths(t), channels, 1) for t in range(1, depth)])

    def forward(self, z, depth, alpha):
        y = started(self.layers[0], pixel_norm(z))
        if depth == 2:
            return self.rgb_converters[0](y)
        for own in self.layers[1 : depth - 2]:
            y = grown(own, y)
        below = enlarged(self.rgb_converters[depth - 3](y))
        return alpha * self.rgb_converters[depth - 2](grown(self.layers[depth - 2], y)) + (1 - alpha) * below


class ProgressiveDiscriminator(nn.Module):
    def __init__(self, depth, widths, channels):
        super().__init__()
        self.depth = depth
        self.layers = nn.ModuleList([*[two(widths(t), widths(t), widths(t - 1)) for t in range(depth - 1, 1, -1)], final_block(widths(1))])
        self.from_rgb = nn.ModuleList([nn.Sequential(Equalized(channels, widths(t), 1), nn.LeakyReLU(0.2)) for t in range(depth - 1, 0, -1)])

    def forward(self, x, depth, alpha):
        at, y = self.depth - depth, None
        if depth > 2:
            below = self.from_rgb[at + 1](F.avg_pool2d(x, 2))
            y = alpha * shrunk(self.layers[at], self.from_rgb[at](x)) + (1 - alpha) * below
            for own in self.layers[at + 1 : -1]:
                y = shrunk(own, y)
        return judged(self.layers[-1], self.from_rgb[-1](x) if y is None else y, 4)


class ScalesGenerator(nn.Module):
    def __init__(self, depth, latent):
        super().__init__()
        widths = [latent // 2 ** max(0, scale - 3) for scale in range(depth)]
        self.layers = nn.ModuleList([start(latent, latent), *[two(widths[s - 1], widths[s], widths[s]) for s in range(1, depth)]])
        self.rgb_converters = nn.ModuleList([Equalized(width, 3, 1) for width in widths])

    def forward(self, z):
        y = started(self.layers[0], z)
        made = [self.rgb_converters[0](y)]
        for own, convert in zip(self.layers[1:], self.rgb_converters[1:]):
            y = grown(own, y)
            made.append(convert(y))
        return made


class ScalesDiscriminator(nn.Module):
    """Block `i` works at 8 * 2^i pixels on features of the picture beside those from above."""

    def __init__(self, depth, features):
        super().__init__()
        width = lambda i: features // 2 ** max(0, i - 2)
        after = lambda i: features // 2 if i < 3 else width(i)
        beside = lambda i: 0 if i == depth - 2 else after(i + 1)
        self.depth = depth
        self.rgb_to_features = nn.ModuleList([Equalized(3, width(i) - beside(i), 1) for i in range(depth - 1)])
        self.final_converter = Equalized(3, features // 2, 1)
        self.layers = nn.ModuleList([two(width(i), width(i), after(i)) for i in range(depth - 1)])
        self.final_block = final_block(features)

    def forward(self, pictures_by_scale):
        y = None
        for i in range(self.depth - 2, -1, -1):
            own = self.rgb_to_features[i](pictures_by_scale[i + 1])
            y = shrunk(self.layers[i], own if y is None else torch.cat([own, y], 1))
        y = torch.cat([self.final_converter(pictures_by_scale[0]), y], 1)
        return judged(self.final_block, y, y.shape[0])


def write_pggan(folder):
    entropy = F.binary_cross_entropy_with_logits
    for seed, (depth, latent, base, cap, batch, alphas, channels) in enumerate(
        [(5, 12, 96, 12, 1, {"2": 1.0, "3": 0.5, "5": 0.1}, 1), (4, 20, 16, 6, 2, {"4": 1.0}, 3)]
    ):
        widths = lambda t: min(max(base // 2**t, 1), cap)
        config = {"depth": depth, "latent_size": latent, "fmap_base": base, "fmap_max": cap, "batch": batch, "alphas": alphas}
        given = {"z": noise(batch, latent, seed=seed), **{f"alpha_{d}": torch.tensor([a]) for d, a in alphas.items()}}
        module = seeded(seed, lambda: ProgressiveGenerator(depth, latent, widths, channels))
        forward = lambda m, x: {f"image_depth{d}": m(x["z"], int(d), a) for d, a in alphas.items()}
        write_net(folder / f"generator_{seed}.safetensors", module, given, forward, {**config, "seed": seed}, differentiable=["z"])
    for seed, (depth, base, cap, batch, at, alpha, channels) in enumerate([(5, 96, 12, 8, 5, 0.2, 1), (4, 32, 8, 3, 4, 1.0, 3)]):
        widths, side = lambda t: min(max(base // 2**t, 1), cap), 2**at
        config = {"depth": depth, "latent_size": cap, "fmap_base": base, "fmap_max": cap, "batch": batch}
        config |= {"at_depth": at, "alpha": alpha, "seed": seed}
        made = lambda: seeded(seed, lambda: ProgressiveDiscriminator(depth, widths, channels))
        score = lambda m, x: m(x, at, alpha)
        given = {"image": pictures(batch, channels, side, side, seed)}
        forward = lambda m, x: {"score": score(m, x["image"])}
        write_net(folder / f"discriminator_{seed}.safetensors", made(), given, forward, config, differentiable=["image"])
        drift, weight = 0.01 * seed, 5.0 + seed

        def penalty(m, x):
            points = (x["gp_alpha"] * x["real"] + (1 - x["gp_alpha"]) * x["fake"]).detach().requires_grad_()
            slope = torch.autograd.grad(score(m, points).sum(), points, create_graph=True)[0]
            return weight * (slope.flatten(1).norm(2, 1) - 1).pow(2).mean()

        def wasserstein(m, x):
            fake, real = score(m, x["fake"]), score(m, x["real"])
            return fake.mean() - real.mean() + drift * real.pow(2).mean() + penalty(m, x)

        def standard(m, x):
            real, fake = score(m, x["real"]), score(m, x["fake"])
            return (entropy(real, torch.ones_like(real)) + entropy(fake, torch.zeros_like(fake))) / 2

        deceive = lambda m, x: F.softplus(-score(m, x["fake"])).mean()
        losses = {"wgan_gp_d": wasserstein, "gradient_penalty": penalty, "standard_d": standard, "standard_g": deceive}
        losses["wgan_g"] = lambda m, x: -score(m, x["fake"]).mean()
        given = {name: pictures(batch, channels, side, side, seed + 50 * i) for i, name in enumerate(("real", "fake"))}
        given["gp_alpha"] = torch.rand(batch, 1, 1, 1, generator=torch.Generator().manual_seed(seed))
        forward = lambda m, x: {f"score_{name}": score(m, x[name]) for name in ("real", "fake")}
        write_net(folder / f"losses_{seed}.safetensors", made(), given, forward, {**config, "drift": drift, "reg_lambda": weight}, losses)


def write_msggan(folder):
    for seed, (depth, latent, batch) in enumerate([(5, 16, 2), (2, 6, 3)]):
        config = {"depth": depth, "latent_size": latent, "batch": batch, "seed": seed}
        module, given = seeded(seed, lambda: ScalesGenerator(depth, latent)), {"z": noise(batch, latent, seed=seed)}
        forward = lambda m, x: {f"scale{i}": picture for i, picture in enumerate(m(x["z"]))}
        write_net(folder / f"generator_{seed}.safetensors", module, given, forward, config, differentiable=["z"])
    for seed, (depth, features, batch) in enumerate([(5, 16, 2), (2, 8, 3)]):
        config = {"depth": depth, "feature_size": features, "batch": batch, "seed": seed}
        made = lambda: seeded(seed, lambda: ScalesDiscriminator(depth, features))
        scales = lambda name, first: {f"{name}{k}": pictures(batch, 3, 4 * 2**k, 4 * 2**k, first + k) for k in range(depth)}
        score = lambda m, x, name: m([x[f"{name}{k}"] for k in range(depth)])
        given, forward = scales("scale", seed), lambda m, x: {"score": score(m, x, "scale")}
        write_net(folder / f"discriminator_{seed}.safetensors", made(), given, forward, config, differentiable=list(given))

        def relative(m, x):
            real, fake = score(m, x, "real"), score(m, x, "fake")
            return real - fake.mean(), fake - real.mean()

        def hinge(sign):
            def loss(m, x):
                real, fake = relative(m, x)
                return F.relu(1 - sign * real).mean() + F.relu(1 + sign * fake).mean()

            return loss

        given = scales("real", seed) | scales("fake", seed + 20)
        forward = lambda m, x: {f"score_{name}": score(m, x, name) for name in ("real", "fake")}
        losses = {"rel_hinge_d": hinge(1), "rel_hinge_g": hinge(-1)}
        write_net(folder / f"losses_{seed}.safetensors", made(), given, forward, config, losses)
