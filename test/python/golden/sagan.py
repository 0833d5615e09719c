"""SAGAN: spectral norm, self-attention of both codes, the networks for 64 pixels."""

import torch
from torch import nn
from torch.nn import functional as F

from golden import noise, numbers, pictures, rounding, save, scalar, seeded, unsettle, write_net


class SpectralConvolution(nn.Module):
    """One power iteration in front of every pass in training: v first, then u."""

    def __init__(self, convolution):
        super().__init__()
        self.transposed = isinstance(convolution, nn.ConvTranspose2d)
        self.stride, self.padding = convolution.stride, convolution.padding
        vector = lambda length: nn.Parameter(F.normalize(torch.randn(length), dim=0), requires_grad=False)
        rows = convolution.weight.shape[0]
        self.weight_bar, self.bias = convolution.weight, convolution.bias
        self.weight_u, self.weight_v = vector(rows), vector(convolution.weight.numel() // rows)

    def forward(self, x):
        matrix, unit = self.weight_bar.flatten(1), lambda vector: vector / (vector.norm() + 1e-12)
        if self.training:
            with torch.no_grad():
                self.weight_v.copy_(unit(matrix.t() @ self.weight_u))
                self.weight_u.copy_(unit(matrix @ self.weight_v))
        self.sigma = self.weight_u.detach().clone() @ (matrix @ self.weight_v.detach().clone())
        convolve = F.conv_transpose2d if self.transposed else F.conv2d
        return convolve(x, self.weight_bar / self.sigma, self.bias, self.stride, self.padding)


class Spectral(nn.Module):
    """The same under the name that SAGAN's code gives it."""

    def __init__(self, convolution):
        super().__init__()
        self.module = SpectralConvolution(convolution)

    def forward(self, x):
        return self.module(x)


class SelfAttention(nn.Module):
    """`official`: keys and values pooled, the value of half the channels, and a convolution back."""

    def __init__(self, channels, official=False):
        super().__init__()
        self.query_conv, self.key_conv = (nn.Conv2d(channels, max(1, channels // 8), 1) for _ in range(2))
        self.value_conv = nn.Conv2d(channels, channels // 2 if official else channels, 1)
        self.out_conv = nn.Conv2d(channels // 2, channels, 1) if official else nn.Identity()
        self.pool = nn.MaxPool2d(2) if official else nn.Identity()
        self.gamma = nn.Parameter(torch.zeros(1))

    def both(self, x):
        query = self.query_conv(x).flatten(2)
        key, value = self.pool(self.key_conv(x)).flatten(2), self.pool(self.value_conv(x)).flatten(2)
        attention = torch.softmax(query.transpose(1, 2) @ key, -1)
        mixed = (value @ attention.transpose(1, 2)).unflatten(2, x.shape[2:])
        return self.gamma * self.out_conv(mixed) + x, attention


class Generator(nn.Module):
    def __init__(self, noise_size, w):
        super().__init__()
        stage = lambda i, o, *geometry: nn.Sequential(Spectral(nn.ConvTranspose2d(i, o, 4, *geometry)), nn.BatchNorm2d(o), nn.ReLU())
        self.l1, self.l2 = stage(noise_size, 8 * w), stage(8 * w, 4 * w, 2, 1)
        self.l3, self.l4 = stage(4 * w, 2 * w, 2, 1), stage(2 * w, w, 2, 1)
        self.last = nn.Sequential(nn.ConvTranspose2d(w, 3, 4, 2, 1), nn.Tanh())
        self.attn1, self.attn2 = SelfAttention(2 * w), SelfAttention(w)

    def forward(self, z):
        y, _ = self.attn1.both(self.l3(self.l2(self.l1(z[:, :, None, None]))))
        return self.last(self.attn2.both(self.l4(y))[0])


class Discriminator(nn.Module):
    def __init__(self, w):
        super().__init__()
        stage = lambda i, o: nn.Sequential(Spectral(nn.Conv2d(i, o, 4, 2, 1)), nn.LeakyReLU(0.1))
        self.l1, self.l2, self.l3, self.l4 = stage(3, w), stage(w, 2 * w), stage(2 * w, 4 * w), stage(4 * w, 8 * w)
        self.last = nn.Sequential(nn.Conv2d(8 * w, 1, 4))
        self.attn1, self.attn2 = SelfAttention(4 * w), SelfAttention(8 * w)

    def forward(self, x):
        y, _ = self.attn1.both(self.l3(self.l2(self.l1(x))))
        return self.last(self.attn2.both(self.l4(y))[0]).flatten()


def write_spectral_norm(path, kind, channels, size, batch, kernel, stride, padding, seed):
    (before, after), (height, width) = channels, size
    make = lambda: Spectral((nn.Conv2d if kind == "conv" else nn.ConvTranspose2d)(before, after, kernel, stride, padding))
    generator = torch.Generator().manual_seed(seed)
    state = unsettle(seeded(seed, make), generator).state_dict()
    feature = torch.randn(batch, before, height, width, generator=generator)
    cotangent = None

    def run(dtype):
        nonlocal cotangent
        results, layer, x = {}, make().to(dtype), feature.to(dtype).clone().requires_grad_()
        layer.load_state_dict({name: value.to(dtype) for name, value in state.items()})
        for turn in range(3):
            y, module = layer(x), layer.module
            normalised = module.weight_bar / module.sigma
            values = {"feature": y, "u": module.weight_u, "v": module.weight_v, "weight_normalised": normalised}
            results |= {f"output/{turn}/{name}": numbers(value) for name, value in values.items()}
            results[f"output/{turn}/sigma"] = scalar(module.sigma)
        cotangent = torch.randn(y.shape, generator=generator) if cotangent is None else cotangent
        loss = (y * cotangent.to(dtype)).mean()
        loss.backward()
        results |= {"loss/total": scalar(loss), "grad_input/feature": numbers(x.grad)}
        return results | {f"grad/module.{name}": numbers(getattr(module, name).grad) for name in ("weight_bar", "bias")}

    single, double = run(torch.float32), run(torch.float64)
    checks, zeros = rounding(single, double)
    tensors = single | {"weight/" + name: numbers(value) for name, value in state.items()}
    tensors |= {"input/feature": numbers(feature), "input/cotangent_feature": numbers(cotangent)}
    config = {"kind": kind, "cin": before, "cout": after, "h": height, "w": width, "batch": batch, "kernel": kernel}
    config |= {"stride": stride, "padding": padding, "power_iterations": 1, "seed": seed}
    save(path, tensors, config=config, float64_check=checks, noise_keys=zeros)


def write(folder):
    for seed, (channels, height, width, batch, form) in enumerate(
        [(8, 5, 7, 3, "community"), (16, 6, 8, 2, "official"), (12, 4, 4, 1, "official")]
    ):
        config = {"channels": channels, "h": height, "w": width, "batch": batch, "attention": form, "seed": seed}
        module = seeded(seed, lambda: SelfAttention(channels, form == "official"))
        given = {"feature": noise(batch, channels, height, width, seed=seed)}
        both = lambda m, x: dict(zip(("feature", "attention"), m.both(x["feature"])))
        write_net(folder / f"self_attention_{seed}.safetensors", module, given, both, config, differentiable=["feature"])
    config = {"conv_dim": 8, "z_dim": 7, "image_size": 64, "batch": 3, "seed": 3}
    module, given = seeded(3, lambda: Generator(7, 8)), {"z": noise(3, 7, seed=3)}
    write_net(folder / "generator_0.safetensors", module, given, lambda m, x: {"image": m(x["z"])}, config, differentiable=["z"])
    config = {"conv_dim": 2, "image_size": 64, "batch": 3, "seed": 4}
    module, given = seeded(4, lambda: Discriminator(2)), {"image": pictures(3, 3, 64, 64, 4)}
    forward = lambda m, x: {"score": m(x["image"])}
    write_net(folder / "discriminator_0.safetensors", module, given, forward, config, differentiable=["image"])
    write_spectral_norm(folder / "spectral_norm_conv_0.safetensors", "conv", (5, 3), (9, 7), 3, 3, 1, 1, 5)
    write_spectral_norm(folder / "spectral_norm_conv_transpose_0.safetensors", "conv_transpose", (4, 7), (5, 6), 1, 4, 2, 1, 6)
