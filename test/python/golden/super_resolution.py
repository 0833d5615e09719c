"""FASRGAN, Fs-SRGAN, FA+Fs-SRGAN, ESRGAN and SRGAN."""

import math

import torch
import torchvision
from torch import nn
from torch.nn import functional as F

import formula
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


class SrResNet(nn.Module):
    def __init__(self, width, blocks, scale=4):
        super().__init__()
        same = lambda before, after, kernel: nn.Conv2d(before, after, kernel, 1, kernel // 2)
        normed = lambda: [same(width, width, 3), nn.BatchNorm2d(width)]
        residual = lambda: ResidualBranch(nn.Sequential(*normed(), nn.PReLU(), *normed()))
        stack = [nn.Sequential(same(3, width, 9), nn.PReLU())]
        stack.append(Shortcut(nn.Sequential(*[residual() for _ in range(blocks)], *normed())))
        for _ in range(int(math.log2(scale))):
            stack.append(nn.Sequential(same(width, 4 * width, 3), nn.PixelShuffle(2), nn.PReLU()))
        self.model = nn.Sequential(*stack, same(width, 3, 9))

    def forward(self, x):
        return self.model(x)


class ResidualBranch(nn.Module):
    def __init__(self, res):
        super().__init__()
        self.res = res

    def forward(self, x):
        return x + self.res(x)


def double_conv(before, *widths, damped=True):
    """Convolutions of these widths; the first norm's epsilon is the channel count, by a slip of the code."""
    layers = []
    for at, after in enumerate(widths):
        norm = nn.BatchNorm2d(after, eps=after if at == 0 and damped else 1e-5)
        layers += [nn.Conv2d(before, after, 3, 1, 1), norm, nn.ReLU()]
        before = after
    return nn.Sequential(*layers)


class Named(nn.Module):
    """Hands on to layers that the code wraps under these names."""

    def __init__(self, **layers):
        super().__init__()
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, x):
        return next(self.children())(x)


class UnetDiscriminator(nn.Module):
    """As the code has it, or as the paper's figure draws it: its third halving serves the score alone."""

    def __init__(self, channels, w, head, size, layout="code", norm_epsilon="channels"):
        super().__init__()
        damped, is_code = norm_epsilon == "channels", layout == "code"
        conv = lambda *widths: Named(conv=double_conv(*widths, damped=damped))
        double = lambda *widths: Named(conv=conv(*widths))
        halved = lambda *widths: Named(mpconv=nn.Sequential(nn.MaxPool2d(2), conv(*widths)))
        if is_code:
            self.inc, self.down1 = double(channels, w, w), halved(w, 2 * w, 2 * w)
            self.down2, self.down3 = halved(2 * w, 4 * w, 4 * w), halved(4 * w, 4 * w, 4 * w)
            self.up2, self.up3, self.up4 = double(8 * w, 2 * w, 2 * w), double(4 * w, w, w), double(2 * w, w, w)
        else:
            self.inc, self.down1 = double(channels, w, 2 * w), halved(2 * w, 2 * w, 4 * w)
            self.down2, self.down3 = halved(4 * w, 4 * w), halved(4 * w, 4 * w)
            self.up2, self.up3 = double(8 * w, 2 * w, 2 * w), double(4 * w, w, w)
        self.is_code = is_code
        self.outc = Named(conv=nn.Conv2d(w, 3, 1) if is_code else nn.Conv2d(w, 3, 3, 1, 1))
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
        if self.is_code:
            top = self.up4(joined(x1, self.up3(joined(x2, self.up2(joined(x3, x4))))))
        else:
            top = self.up3(joined(x1, self.up2(joined(x2, x3))))
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


def vgg_features():
    """conv5_4 of torchvision's VGG19 before its rectifier, of pictures in [0, 1]; weights by the formula of their names."""
    trunk = torchvision.models.vgg19(weights=None).features[:35].requires_grad_(False)
    names = {"features." + name: list(value.shape) for name, value in trunk.state_dict().items()}
    trunk.load_state_dict({name[9:]: formula.tensor(name, shape) for name, shape in names.items()})
    channels = lambda x, values: x.new_tensor(values).reshape(1, 3, 1, 1)

    def features(x):
        normal = (x - channels(x, (0.485, 0.456, 0.406))) / channels(x, (0.229, 0.224, 0.225))
        return trunk.to(x.dtype)(normal)

    return features, names


distances = {"l1": F.l1_loss, "l2": F.mse_loss}


def relativistic(cost, fake, real):
    """Both terms of what must fall: of `real` against the mean of `fake`, and the other way round."""
    return cost(real - fake.mean()), cost(real.mean() - fake)


# What each form makes of scores that should fall.
costs = {"ragan": lambda z: F.softplus(z).mean(), "rahinge": lambda z: F.relu(1 + z).mean()}


@steady
def write_resolution_training(path, kind, config):
    batch, size, seed = config["batch"], config["hr"], config["seed"]
    shared, scale, form = kind in ("fssrgan", "fafssrgan"), config.get("scale", 4), config.get("gan_type", "ragan")
    networks = {"E": seeded(seed, lambda: Extractor(config["nf"], config["nb_E"], config["gc"]))} if shared else {}
    channels = config["nf"] if shared else 3
    rrdb = lambda: RrdbNet(channels, config["nf"], config["nb_G"], config["gc"], scale)
    srresnet = lambda: SrResNet(config["nf"], config["nb_G"], scale)
    networks["G"] = seeded(seed + 1, srresnet if kind == "srgan" else rrdb)
    vgg = lambda: VggDiscriminator(channels, config["nf_D"], config["fc"], size, config.get("halvings", 6))
    drawn = {name: config[name] for name in ("layout", "norm_epsilon") if name in config}
    unet = lambda: UnetDiscriminator(channels, config["w"], config["fc"], size, **drawn)
    networks["D"] = seeded(seed + 2, unet if kind in ("fasrgan", "fafssrgan") else vgg)
    inputs = {}
    for i in range(config["iterations"]):
        inputs[f"hr/{i}"] = pictures(batch, 3, size, size, seed + i, 0)
        inputs[f"lr/{i}"] = F.avg_pool2d(inputs[f"hr/{i}"], scale)
    features, shapes = vgg_features() if config.get("feature_weight") else (None, None)
    pixel_distance, feature_distance = (distances[config.get(f"{name}_criterion", "l1")] for name in ("pixel", "feature"))

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
                fake = D(extract(made))
                pixel = config["pixel_weight"] * pixel_distance(made, high)
                total = pixel
                record.losses(G_pixel_weighted=pixel)
                if features is not None:
                    perceptual = config["feature_weight"] * feature_distance(features(made), features(high))
                    total = total + perceptual
                    record.losses(G_perceptual_weighted=perceptual)
                if form == "vanilla":
                    # The real pictures are not looked at in this step.
                    gan = config["gan_weight"] * F.softplus(-fake["score"]).mean()
                else:
                    real = {name: value.detach() for name, value in D(extract(high)).items()}
                    rel_real, rel_fake = relativistic(costs[form], fake["score"], real["score"])
                    gan = config["gan_weight"] * (rel_real + rel_fake) / 2
                    record.losses(G_gan_real_rel=rel_real, G_gan_fake_rel=rel_fake)
                total = total + gan
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
            record.losses(G_gan_weighted=gan, G_total=total)

            real, fake = D(extract(high)), D(extract(made.detach()))
            if form == "vanilla":
                judged_real, judged_fake = F.softplus(-real["score"]).mean(), F.softplus(fake["score"]).mean()
                total = judged_real + judged_fake
            else:
                judged_fake, judged_real = relativistic(costs[form], real["score"], fake["score"])
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
    names = {"vgg19": shapes} if shapes else None
    return write_training(path, networks, inputs, trainer, config, ["after/D.classifier.0.bias"], names)


common = {"init_scale": 1.0, "lr_G": 1e-4, "lr_D": 1e-4, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "optimizer": "Adam"}
common |= {"pixel_weight": 0.01, "gan_weight": 0.005}


def write_training_of(folder, kind):
    mapped = common | {"gan_mask_weight": 0.005, "atten_weight": 0.05}
    figure = {"layout": "figure", "norm_epsilon": "standard"}
    seeds = {"fasrgan": (3, 10, 20), "fafssrgan": (0, 11), "fssrgan": (6, 14)}[kind]
    for seed, (nf, nb, gc, w, fc, hr, batch, iterations, other) in zip(
        seeds,
        [
            (4, 2, 2, 3, 9, 48, 3, 3, {"pixel_weight": 0.1, "gan_weight": 0.02, "gan_mask_weight": 0.03, "atten_weight": 0.2}),
            (5, 1, 3, 2, 6, 40, 2, 2, {"scale": 2, "lr_G": 5e-4, "lr_D": 2e-4}),
            (4, 1, 2, 3, 5, 32, 2, 2, {"feature_weight": 1.0, **figure}),
        ],
    ):
        config = {"nf": nf, "nb_E": 2 if seed == seeds[1] else 1, "nb_G": nb, "gc": gc, "w": w, "nf_D": w, "fc": fc, "hr": hr}
        config |= {"in_nc": 3 if kind == "fasrgan" else nf, "batch": batch, "iterations": iterations, **mapped, **other}
        unused = {"fasrgan": ["nb_E", "nf_D"], "fafssrgan": ["nf_D"]}.get(kind, ["w", "in_nc", "gan_mask_weight", "atten_weight"])
        config = {name: value for name, value in config.items() if name not in unused} | {"seed": seed}
        if kind == "fssrgan":
            config["hr"] = 128
        write_resolution_training(folder / f"train_step_{seed}.safetensors", kind, config)


def write_vgg(path, channels, config):
    size, batch, seed = config["hr"], config["batch"], config["seed"]
    module = seeded(seed, lambda: VggDiscriminator(channels, config["nf_D"], config["fc"], size, config["halvings"]))
    given = {"image": pictures(batch, channels, size, size, seed, 0)}
    write_net(path, module, given, lambda m, x: m(x["image"]), config, None, ["score"], ["image"])


def write_baseline(folder, kind):
    """ESRGAN or SRGAN: their step has the VGG-like discriminator on pictures, and no map."""
    squared = {"pixel_criterion": "l2", "feature_criterion": "l2"}
    log = {"gan_type": "vanilla", "gan_weight": 1e-3, **squared}
    steps = {
        "esrgan": [(0, {"feature_weight": 1.0}), (10, {"gan_type": "rahinge", "pixel_weight": 0.1, "scale": 2})],
        "srgan": [(0, {**log, "pixel_weight": 0, "feature_weight": 0.006}), (10, {**log, "pixel_weight": 1, "scale": 2})],
    }[kind]
    for seed, other in steps:
        config = {"nf": 4, "nb_G": 2, "nf_D": 3, "fc": 7, "hr": 32, "halvings": 3, "batch": 3, "iterations": 3, "seed": seed}
        config |= {"gc": 3} if kind == "esrgan" else {}
        write_resolution_training(folder / f"train_step_{seed}.safetensors", kind, {**config, **common, **other})
    for seed, (width, head, size, halvings, batch) in enumerate([(3, 9, 40, 3, 2), (2, 6, 64, 5, 3)]):
        config = {"nf_D": width, "fc": head, "hr": size, "halvings": halvings, "batch": batch, "seed": seed}
        write_vgg(folder / f"discriminator_vgg128_{seed}.safetensors", 3, config)
    if kind == "srgan":
        for seed, (width, blocks, scale, height, across, batch) in enumerate([(4, 2, 4, 7, 9, 2), (3, 3, 2, 12, 5, 3)]):
            config = {"nf": width, "nb_G": blocks, "scale": scale, "batch": batch, "h": height, "w": across, "seed": seed}
            module, given = seeded(seed, lambda: SrResNet(width, blocks, scale)), {"lr": pictures(batch, 3, height, across, seed, 0)}
            path = folder / f"generator_srresnet_{seed}.safetensors"
            write_net(path, module, given, lambda m, x: {"sr": m(x["lr"])}, config, None, ["sr"], ["lr"])


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
    figure, meant = {"layout": "figure"}, {"norm_epsilon": "standard"}
    sizes = [(3, 10, 36, 3, 2, {}), (4, 7, 44, 5, 3, {}), (3, 8, 32, 3, 2, figure), (2, 5, 44, 4, 3, figure | meant), (3, 6, 24, 3, 2, meant)]
    for seed, (w, fc, hr, channels, batch, drawn) in enumerate(sizes):
        config = {"w": w, "fc": fc, "hr": hr, "in_nc": channels, "batch": batch, **drawn, "seed": seed}
        module = seeded(seed, lambda: UnetDiscriminator(channels, w, fc, hr, **drawn))
        given = {"image": pictures(batch, channels, hr, hr, seed, 0)}
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
