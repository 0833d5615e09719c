"""FASRGAN, Fs-SRGAN and FA+Fs-SRGAN."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from golden import Frozen, adam, descend, noise, pictures, seeded, steady, write_net, write_training

entropy = F.binary_cross_entropy_with_logits


class DenseBlock(nn.Module):
    def __init__(self, width, growth):
        super().__init__()
        for at in range(1, 6):
            conv = nn.Conv2d(width + (at - 1) * growth, growth if at < 5 else width, 3, 1, 1)
            setattr(self, f"conv{at}", nn.Sequential(conv, *([nn.LeakyReLU(0.2)] if at < 5 else [])))

    def forward(self, x):
        known = [x]
        for at in range(1, 6):
            known.append(getattr(self, f"conv{at}")(torch.cat(known, 1)))
        return x + 0.2 * known[-1]


class Rrdb(nn.Module):
    def __init__(self, width, growth):
        super().__init__()
        self.RDB1, self.RDB2, self.RDB3 = (DenseBlock(width, growth) for _ in range(3))

    def forward(self, x):
        return x + 0.2 * self.RDB3(self.RDB2(self.RDB1(x)))


class Shortcut(nn.Module):
    def __init__(self, sub):
        super().__init__()
        self.sub = sub

    def forward(self, x):
        return x + self.sub(x)


class RrdbNet(nn.Module):
    def __init__(self, channels, width, blocks, growth, scale=4):
        super().__init__()
        conv = lambda i, o: nn.Conv2d(i, o, 3, 1, 1)
        stack = [conv(channels, width), Shortcut(nn.Sequential(*[Rrdb(width, growth) for _ in range(blocks)], conv(width, width)))]
        for _ in range(int(math.log2(scale))):
            stack += [nn.Upsample(scale_factor=2), conv(width, width), nn.LeakyReLU(0.2)]
        self.model = nn.Sequential(*stack, conv(width, width), nn.LeakyReLU(0.2), conv(width, 3))

    def forward(self, x):
        return self.model(x)


class Extractor(nn.Module):
    def __init__(self, width, blocks, growth):
        super().__init__()
        stack = [Rrdb(width, growth) for _ in range(blocks)]
        # The code's sequence of one block names it without its number.
        self.model = nn.Sequential(nn.Conv2d(3, width, 3, 1, 1), Shortcut(stack[0] if blocks == 1 else nn.Sequential(*stack)))

    def forward(self, x):
        return self.model(x)


def double_conv(before, after):
    """The first norm's epsilon is the channel count, by a slip of the code."""
    first = [nn.Conv2d(before, after, 3, 1, 1), nn.BatchNorm2d(after, eps=after), nn.ReLU()]
    return nn.Sequential(*first, nn.Conv2d(after, after, 3, 1, 1), nn.BatchNorm2d(after), nn.ReLU())


class Named(nn.Module):
    """Hands on to layers that the code wraps under these names."""

    def __init__(self, **layers):
        super().__init__()
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, x):
        return next(self.children())(x)


class UnetDiscriminator(nn.Module):
    def __init__(self, channels, w, head, size):
        super().__init__()
        conv = lambda before, after: Named(conv=double_conv(before, after))
        double = lambda before, after: Named(conv=conv(before, after))
        halved = lambda before, after: Named(mpconv=nn.Sequential(nn.MaxPool2d(2), conv(before, after)))
        self.inc, self.down1 = double(channels, w), halved(w, 2 * w)
        self.down2, self.down3 = halved(2 * w, 4 * w), halved(4 * w, 4 * w)
        self.up2, self.up3, self.up4 = double(8 * w, 2 * w), double(4 * w, w), double(2 * w, w)
        self.outc = Named(conv=nn.Conv2d(w, 3, 1))
        features = 4 * w * (size // 8) ** 2
        self.classifier = nn.Sequential(nn.Linear(features, head), nn.LeakyReLU(0.2), nn.Linear(head, 1))

    def forward(self, x):
        def joined(skip, low):
            large = F.interpolate(low, scale_factor=2, mode="bilinear", align_corners=True)
            down, across = skip.shape[2] - large.shape[2], skip.shape[3] - large.shape[3]
            sides = (across // 2, across - across // 2, down // 2, down - down // 2)
            return torch.cat([skip, F.pad(large, sides)], 1)

        x1 = self.inc(x)
        x2 = self.down1(x1)
        x3 = self.down2(x2)
        x4 = self.down3(x3)
        top = self.up4(joined(x1, self.up3(joined(x2, self.up2(joined(x3, x4))))))
        return {"score": self.classifier(x4.flatten(1)), "map": self.outc(top)}


class VggDiscriminator(nn.Module):
    def __init__(self, channels, width, head, size, halvings=6):
        super().__init__()
        stack, before = [], channels
        for level in range(halvings):
            w = width * min(2**level, 8)
            stack += [nn.Conv2d(before, w, 3, 1, 1), *([nn.BatchNorm2d(w)] if level else []), nn.LeakyReLU(0.2)]
            stack += [nn.Conv2d(w, w, 4, 2, 1), nn.BatchNorm2d(w), nn.LeakyReLU(0.2)]
            before = w
        self.features = nn.Sequential(*stack)
        side = size // 2**halvings
        self.classifier = nn.Sequential(nn.Linear(before * side**2, head), nn.LeakyReLU(0.2), nn.Linear(head, 1))

    def forward(self, x):
        return {"score": self.classifier(self.features(x).flatten(1))}


@steady
def write_resolution_training(path, kind, config):
    batch, size, seed = config["batch"], config["hr"], config["seed"]
    shared, scale = kind != "fasrgan", config.get("scale", 4)
    networks = {"E": seeded(seed, lambda: Extractor(config["nf"], config["nb_E"], config["gc"]))} if shared else {}
    channels = config["nf"] if shared else 3
    networks["G"] = seeded(seed + 1, lambda: RrdbNet(channels, config["nf"], config["nb_G"], config["gc"], scale))
    vgg = lambda: VggDiscriminator(channels, config["nf_D"], config["fc"], size)
    unet = lambda: UnetDiscriminator(channels, config["w"], config["fc"], size)
    networks["D"] = seeded(seed + 2, vgg if kind == "fssrgan" else unet)
    inputs = {}
    for i in range(config["iterations"]):
        inputs[f"hr/{i}"] = pictures(batch, 3, size, size, seed + i, 0)
        inputs[f"lr/{i}"] = F.avg_pool2d(inputs[f"hr/{i}"], scale)

    def trainer(n, x):
        E, G, D = n.get("E"), n["G"], n["D"]
        own = [E] if shared else []
        extract = E if shared else (lambda image: image)
        optimizer_g, optimizer_d = adam(config, *own, G, rate="lr_G"), adam(config, *own, D, rate="lr_D")
        one, zero = torch.ones_like, torch.zeros_like
        names = ["E"] if shared else []

        def step(iteration, record):
            low, high = x[f"lr/{iteration}"], x[f"hr/{iteration}"]
            made = G(extract(low))
            record.outputs(sr=made)
            with Frozen(D):
                fake, real = D(extract(made)), {name: value.detach() for name, value in D(extract(high)).items()}
                pixel = config["pixel_weight"] * F.l1_loss(made, high)
                score_f, score_r = fake["score"], real["score"]
                rel_real = entropy(score_r - score_f.mean(), zero(score_r))
                rel_fake = entropy(score_f - score_r.mean(), one(score_f))
                gan = config["gan_weight"] * (rel_real + rel_fake) / 2
                total = pixel + gan
                if "map" in fake:
                    map_f, map_r = fake["map"], real["map"]
                    map_real, map_fake = entropy(map_r, zero(map_r)), entropy(map_f, one(map_f))
                    attention = ((made - high).abs() * (1 - torch.sigmoid(map_f.detach()))).mean() * config["atten_weight"]
                    total = total + config["gan_mask_weight"] * (map_real + map_fake) / 2 + attention
                    record.outputs(map_fake=map_f)
                    record.losses(G_map_real=map_real, G_map_fake=map_fake, G_attention_weighted=attention)
                descend(optimizer_g, total)
            record.gradients(*names, "G", step="G_step/")
            optimizer_g.step()
            record.losses(G_pixel_weighted=pixel, G_gan_real_rel=rel_real, G_gan_fake_rel=rel_fake)
            record.losses(G_gan_weighted=gan, G_total=total)

            real, fake = D(extract(high)), D(extract(made.detach()))
            score_f, score_r = fake["score"], real["score"]
            judged_real = entropy(score_r - score_f.mean(), one(score_r))
            judged_fake = entropy(score_f - score_r.mean(), zero(score_f))
            total = (judged_real + judged_fake) / 2
            if "map" in fake:
                map_real, map_fake = entropy(real["map"], one(real["map"])), entropy(fake["map"], zero(fake["map"]))
                total = total + (map_real + map_fake) / 2
                record.losses(D_map_real=map_real, D_map_fake=map_fake)
            descend(optimizer_d, total)
            record.gradients(*names, "D", step="D_step/")
            optimizer_d.step()
            record.losses(D_real=judged_real, D_fake=judged_fake, D_total=total)

        return step

    # Scores count by their differences: a unit that is on one side for all pictures sees gradients that cancel.
    return write_training(path, networks, inputs, trainer, config, ["after/D.classifier.0.bias"])


def write_training_of(folder, kind):
    common = {"init_scale": 1.0, "lr_G": 1e-4, "lr_D": 1e-4, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "optimizer": "Adam"}
    common |= {"pixel_weight": 0.01, "gan_weight": 0.005, "gan_mask_weight": 0.005, "atten_weight": 0.05}
    seeds = {"fasrgan": (3, 10), "fafssrgan": (0, 11), "fssrgan": (6, 14)}[kind]
    for seed, (nf, nb, gc, w, fc, hr, batch, iterations, other) in zip(
        seeds,
        [
            (4, 2, 2, 3, 9, 48, 3, 3, {"pixel_weight": 0.1, "gan_weight": 0.02, "gan_mask_weight": 0.03, "atten_weight": 0.2}),
            (5, 1, 3, 2, 6, 40, 2, 2, {"scale": 2, "lr_G": 5e-4, "lr_D": 2e-4}),
        ]
    ):
        config = {"nf": nf, "nb_E": 2 if seed == seeds[1] else 1, "nb_G": nb, "gc": gc, "w": w, "nf_D": w, "fc": fc, "hr": hr}
        config |= {"in_nc": 3 if kind == "fasrgan" else nf, "batch": batch, "iterations": iterations, **common, **other}
        unused = {"fasrgan": ["nb_E", "nf_D"], "fafssrgan": ["nf_D"]}.get(kind, ["w", "in_nc", "gan_mask_weight", "atten_weight"])
        config = {name: value for name, value in config.items() if name not in unused} | {"seed": seed}
        if kind == "fssrgan":
            config["hr"] = 128
        write_resolution_training(folder / f"train_step_{seed}.safetensors", kind, config)


def write_rrdb(folder, name, given_name, channels_of, given_of):
    for seed, (width, blocks, growth, scale, height, across, batch) in enumerate([(5, 1, 3, 2, 13, 9, 3), (4, 3, 5, 8, 6, 7, 1)]):
        config = {"nf": width, "nb_G": blocks, "gc": growth, "scale": scale, "init_scale": 1.0, "batch": batch, "seed": seed}
        config |= {"hr_size": [height * scale, across * scale], "h": height, "w": across}
        module = seeded(seed, lambda: RrdbNet(channels_of(width), width, blocks, growth, scale))
        given = {given_name: given_of(batch, channels_of(width), height, across, seed)}
        forward = lambda m, x: {"sr": m(x[given_name])}
        write_net(folder / f"{name}_{seed}.safetensors", module, given, forward, config, differentiable=[given_name])


def write_fasrgan(folder):
    write_rrdb(folder, "generator_rrdb", "lr", lambda _: 3, lambda *shape_and_seed: pictures(*shape_and_seed, 0))
    for seed, (w, fc, hr, channels, batch) in enumerate([(3, 10, 36, 3, 2), (4, 7, 44, 5, 3)]):
        config = {"w": w, "fc": fc, "hr": hr, "in_nc": channels, "batch": batch, "seed": seed}
        module, given = seeded(seed, lambda: UnetDiscriminator(channels, w, fc, hr)), {"image": pictures(batch, channels, hr, hr, seed, 0)}
        path = folder / f"discriminator_unet_{seed}.safetensors"
        write_net(path, module, given, lambda m, x: m(x["image"]), config, None, ["score", "map"], ["image"])
    write_training_of(folder, "fasrgan")


def write_fssrgan(folder):
    features = lambda *shape_and_seed: noise(*shape_and_seed[:-1], seed=shape_and_seed[-1])
    write_rrdb(folder, "generator_rrdb_features", "feature", lambda width: width, features)
    for seed, (width, blocks, growth, height, across, batch) in enumerate([(5, 3, 2, 11, 13, 2), (4, 1, 3, 7, 9, 3)]):
        config = {"nf": width, "nb_E": blocks, "gc": growth, "init_scale": 1.0, "hr_size": [height, across], "batch": batch}
        module, given = seeded(seed, lambda: Extractor(width, blocks, growth)), {"image": pictures(batch, 3, height, across, seed, 0)}
        forward = lambda m, x: {"feature": m(x["image"])}
        path = folder / f"extractor_{seed}.safetensors"
        write_net(path, module, given, forward, {**config, "seed": seed}, differentiable=["image"])
    config = {"nf": 6, "nf_D": 2, "fc": 20, "hr": 128, "batch": 3, "seed": 1}
    module, given = seeded(1, lambda: VggDiscriminator(6, 2, 20, 128)), {"image": pictures(3, 3, 128, 128, 1, 0), "mix": noise(6, 3, 1, 1, seed=1)}
    # The file mixes the picture's channels instead of holding large features.
    forward = lambda m, x: m(F.conv2d(x["image"], x["mix"]))
    write_net(folder / "discriminator_vgg192_0.safetensors", module, given, forward, config, None, ["score"], ["image"])
    write_training_of(folder, "fssrgan")
