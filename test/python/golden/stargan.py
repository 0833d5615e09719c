"""StarGAN, scheme I of AttentionGAN inside it, and CCA-GAN."""

import torch
from torch import nn
from torch.nn import functional as F

from golden import adam, descend, labels, pictures, noise, seeded, steady, write_net, write_training


class RowAttention(nn.Module):
    """Every row of the picture attends to every row; `full` leaves the value its channels."""

    def __init__(self, channels, full=False):
        super().__init__()
        narrow, wide = max(1, channels // 8), channels if full else max(1, channels // 2)
        self.q, self.k, self.v = (nn.Conv2d(channels, width, 1) for width in (narrow, narrow, wide))
        self.out = nn.Identity() if full else nn.Conv2d(wide, channels, 1)
        self.gamma = nn.Parameter(torch.zeros(1))

    def both(self, x):
        count, _, height, width = x.shape
        rows = lambda y: y.permute(0, 2, 3, 1).reshape(count, height, -1)
        attention = torch.softmax(rows(self.q(x)) @ rows(self.k(x)).transpose(1, 2), -1)
        mixed = (attention @ rows(self.v(x))).reshape(count, height, width, -1).permute(0, 3, 1, 2)
        return self.gamma * self.out(mixed.contiguous()) + x, attention

    def forward(self, x):
        return self.both(x)[0]


class StarResidual(nn.Module):
    def __init__(self, width, make_norm):
        super().__init__()
        half = lambda: [nn.Conv2d(width, width, 3, 1, 1, bias=False), make_norm(width)]
        self.main = nn.Sequential(*half(), nn.ReLU(), *half())

    def forward(self, x):
        return x + self.main(x)


class Generator(nn.Module):
    """`masked` adds a mask to the head; `placement` puts row attention in front of every conv or every block."""

    def __init__(self, width, attributes, blocks, masked=False, placement=None, full=False):
        super().__init__()
        self.masked, self.placement = masked, placement
        make_norm = lambda c: nn.InstanceNorm2d(c, affine=True, track_running_stats=placement is None)
        stack = [nn.Conv2d(3 + attributes, width, 7, 1, 3, bias=False), make_norm(width), nn.ReLU()]
        seen = [3 + attributes, width, 2 * width]
        for w in (width, 2 * width):
            stack += [nn.Conv2d(w, 2 * w, 4, 2, 1, bias=False), make_norm(2 * w), nn.ReLU()]
        stack += [StarResidual(4 * width, make_norm) for _ in range(blocks)]
        seen += [4 * width] * (blocks * (2 if placement == "conv" else 1)) + [4 * width, 2 * width, width]
        for w in (2 * width, width):
            stack += [nn.ConvTranspose2d(2 * w, w, 4, 2, 1, bias=False), make_norm(w), nn.ReLU()]
        stack += [nn.Conv2d(width, 4 if masked else 3, 7, 1, 3, bias=False)] + ([] if masked else [nn.Tanh()])
        self.main = nn.Sequential(*stack)
        self.cca = nn.ModuleList([RowAttention(c, full) for c in seen] if placement else [])

    def parts(self, x, label):
        planes = label[:, :, None, None].expand(-1, -1, *x.shape[2:])
        y, maps, modules = torch.cat([x, planes], 1), {}, iter(self.cca)

        def attended(y):
            if self.placement is None:
                return y
            y, maps[f"attention{len(maps)}"] = next(modules).both(y)
            return y

        for layer in self.main:
            if isinstance(layer, StarResidual):
                first, norm1, relu, second, norm2 = layer.main
                inner = relu(norm1(first(attended(y))))
                y = y + norm2(second(attended(inner) if self.placement == "conv" else inner))
            else:
                y = layer(attended(y) if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)) else y)
        if not self.masked:
            return {"image": y, **maps}
        attention, content = torch.sigmoid(y[:, :1]), y[:, 1:]
        return {"image": content * attention + x * (1 - attention), "attention": attention, "content": content}

    def forward(self, x, label):
        return self.parts(x, label)["image"]


class Discriminator(nn.Module):
    def __init__(self, size, width, attributes, halvings, attention=False, full=False):
        super().__init__()
        stack, before = [], 3
        for level in range(halvings):
            stack += [nn.Conv2d(before, width * 2**level, 4, 2, 1), nn.LeakyReLU(0.01)]
            before = width * 2**level
        self.main = nn.Sequential(*stack)
        self.conv1 = nn.Conv2d(before, 1, 3, 1, 1, bias=False)
        self.conv2 = nn.Conv2d(before, attributes, size // 2**halvings, bias=False)
        if attention:
            self.cca = RowAttention(3, full)

    def parts(self, x):
        maps = {}
        if hasattr(self, "cca"):
            x, maps["attention"] = self.cca.both(x)
        features = self.main(x)
        return {"src": self.conv1(features), "cls": self.conv2(features).flatten(1), **maps}

    def forward(self, x):
        parts = self.parts(x)
        return parts["src"], parts["cls"]


@steady
def write_star_training(path, kind, config):
    batch, size, attributes, seed = config["batch"], config["image_size"], config["c_dim"], config["seed"]
    is_cca, full = kind == "ccagan", config.get("vChannels") == "full"
    wasserstein, exclusive = config.get("adv", "wgan-gp") == "wgan-gp", config.get("dataset") == "RaFD"
    shape = (config["g_conv_dim"], attributes, config["g_repeat_num"], kind == "multi", config.get("placement"), full)
    networks = {
        "G": seeded(seed, lambda: Generator(*shape)),
        "D": seeded(seed + 1, lambda: Discriminator(size, config["d_conv_dim"], attributes, config["d_repeat_num"], is_cca, full)),
    }
    for name, parameter in networks["D"].named_parameters():
        if parameter.ndim == 4 and "cca" not in name:
            parameter.data *= config["d_weight_scale"]
    generator, inputs = torch.Generator().manual_seed(seed), {}
    for i in range(config["iterations"]):
        inputs[f"real/{i}"] = pictures(batch, 3, size, size, seed + i)
        classes = torch.randint(0, attributes, (batch,), generator=generator)
        inputs[f"label/{i}"] = F.one_hot(classes, attributes).float() if exclusive else labels(batch, attributes, seed + i)
        inputs[f"permutation/{i}"] = torch.randperm(batch, generator=generator).float()
        if wasserstein:
            inputs[f"gp_alpha/{i}"] = torch.rand(batch, 1, 1, 1, generator=generator)

    def classified(logits, target):
        if exclusive:
            return F.cross_entropy(logits, target.argmax(1))
        return F.binary_cross_entropy_with_logits(logits, target, reduction="sum") / batch

    def trainer(n, x):
        G, D = n["G"], n["D"]
        optimizer_g, optimizer_d = adam(config, G, rate="g_lr"), adam(config, D, rate="d_lr")

        def step(iteration, record):
            real, label = x[f"real/{iteration}"], x[f"label/{iteration}"]
            target = label[x[f"permutation/{iteration}"].long()]
            scores, logits = D(real)
            fake = G(real, target).detach()
            fakes, cls = D(fake)[0], classified(logits, label)
            if wasserstein:
                loss_real, loss_fake, alpha = -scores.mean(), fakes.mean(), x[f"gp_alpha/{iteration}"]
                between = (alpha * real + (1 - alpha) * fake).requires_grad_()
                slope = torch.autograd.grad(D(between)[0].sum(), between, create_graph=True)[0]
                penalty = ((slope.flatten(1).pow(2).sum(1).sqrt() - 1) ** 2).mean()
                record.losses(D__loss_gp=penalty)
            else:
                loss_real, loss_fake, penalty = F.softplus(-scores).mean(), F.softplus(fakes).mean(), 0
            total = loss_real + loss_fake + config["lambda_cls"] * cls + config.get("lambda_gp", 0) * penalty
            descend(optimizer_d, total)
            record.gradients("D")
            optimizer_d.step()
            record.losses(D__loss_real=loss_real, D__loss_fake=loss_fake, D__loss_cls=cls)
            if (iteration + 1) % config["n_critic"] > 0:
                return
            fake = G(real, target)
            scores, logits = D(fake)
            deceived = -scores.mean() if wasserstein else F.softplus(-scores).mean()
            back, cls = (real - G(fake, label)).abs().mean(), classified(logits, target)
            descend(optimizer_g, deceived + config["lambda_rec"] * back + config["lambda_cls"] * cls)
            record.gradients("G")
            optimizer_g.step()
            record.losses(G__loss_fake=deceived, G__loss_rec=back, G__loss_cls=cls)

        return step

    # The centre tap of the label channels sees constant planes: its true gradient is zero behind a norm. So is that of key biases.
    noisy = "after/G.cca.0.k.weight" if is_cca else "after/G.main.0.weight"
    keys = [f"after/G.{name}" for name in networks["G"].state_dict() if name.endswith("k.bias")]
    return write_training(path, networks, inputs, trainer, config, [noisy, *keys])


common = {
    **{"lambda_cls": 1.0, "lambda_rec": 10.0, "lambda_gp": 10.0, "g_lr": 1e-4, "d_lr": 1e-4, "n_critic": 1},
    **{"beta1": 0.5, "beta2": 0.999, "eps": 1e-8, "optimizer": "Adam", "d_weight_scale": 2.0},
}
trainings = [
    (4, 5, 3, 1, 2, 24, 3, 4, {"n_critic": 2, "lambda_cls": 0.5, "lambda_rec": 3.0, "lambda_gp": 4.0, "g_lr": 3e-4}),
    (3, 3, 4, 1, 3, 16, 3, 2, {"dataset": "RaFD", "d_lr": 5e-4, "beta1": 0.0, "beta2": 0.9, "eps": 1e-6}),
]


def training_configs():
    for seed, (g, d, attributes, blocks, halvings, size, batch, iterations, other) in enumerate(trainings):
        config = {"g_conv_dim": g, "d_conv_dim": d, "c_dim": attributes, "g_repeat_num": blocks, "d_repeat_num": halvings}
        yield seed, config | {"image_size": size, "batch": batch, "iterations": iterations, **common, **other, "seed": 22 * seed}


def write(folder, kind):
    """`kind`: stargan, multi or ccagan."""
    masked, is_cca = kind == "multi", kind == "ccagan"
    for seed, (width, attributes, blocks, height, across, batch, placement) in enumerate(
        [(3, 8, 1, 20, 28, 3, "conv"), (5, 3, 3, 16, 16, 1, "block")]
    ):
        cca = {"placement": placement, "vChannels": ["half", "full"][seed]} if is_cca else {}
        config = {"conv_dim": width, "c_dim": attributes, "repeat_num": blocks, "size": [height, across], "batch": batch}
        made = lambda: Generator(width, attributes, blocks, masked, cca.get("placement"), cca.get("vChannels") == "full")
        given = {"image": pictures(batch, 3, height, across, seed), "label": labels(batch, attributes, seed)}
        write_net(
            folder / f"generator_{seed}.safetensors",
            *(seeded(seed, made), given, lambda m, x: m.parts(x["image"], x["label"]), {**config, **cca, "seed": seed}),
            evaluated=[] if is_cca else ["image"],
            differentiable=["image"],
        )
    if not masked:
        config = {"image_size": 48, "conv_dim": 5, "c_dim": 3, "repeat_num": 4, "batch": 3, "vChannels": "half", "seed": 2}
        module, given = seeded(2, lambda: Discriminator(48, 5, 3, 4, is_cca)), {"image": pictures(3, 3, 48, 48, 2)}
        parts = lambda m, x: m.parts(x["image"])
        write_net(folder / "discriminator_0.safetensors", module, given, parts, config, differentiable=["image"])
    for seed, config in training_configs():
        cca = {"placement": ["conv", "block"][seed], "vChannels": ["full", "half"][seed], "adv": "wgan-gp"} if is_cca else {}
        write_star_training(folder / f"train_step_{seed}.safetensors", kind, {**config, **cca})
        if is_cca:
            del config["lambda_gp"]
            write_star_training(folder / f"train_step_log_{seed}.safetensors", kind, {**config, **cca, "adv": "log"})
    for seed, (channels, height, across, batch, full) in enumerate([(24, 5, 9, 3, False), (17, 6, 6, 2, True)] if is_cca else []):
        config = {"channels": channels, "h": height, "w": across, "batch": batch, "vChannels": "full" if full else "half"}
        module = seeded(seed, lambda: RowAttention(channels, full))
        given = {"feature": noise(batch, channels, height, across, seed=seed)}
        both = lambda m, x: dict(zip(("feature", "attention"), m.both(x["feature"])))
        write_net(folder / f"module_{seed}.safetensors", module, given, both, {**config, "seed": seed}, differentiable=["feature"])
