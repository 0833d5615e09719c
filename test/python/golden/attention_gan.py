"""AttentionGAN: scheme II with its geometric form, scheme I for two domains."""

import torch
from torch import nn
from torch.nn import functional as F

from cyclegan import PatchGan, training, write_cycle_training
from golden import Pool, PoolDraws, adam, descend, pictures, pool_inputs, seeded, steady, unpaired_pictures, write_net, write_training


class SchemeTwo(nn.Module):
    def __init__(self, ngf, blocks, geo=False, masks=10):
        super().__init__()
        self.geo = geo
        wide = 4 * ngf
        up = lambda width: nn.ConvTranspose2d(2 * width, width, 3, 2, 1, 1)
        self.conv1, self.conv2 = nn.Conv2d(3, ngf, 7), nn.Conv2d(ngf, 2 * ngf, 3, 2, 1)
        self.conv3 = nn.Conv2d(2 * ngf, wide, 3, 2, 1)
        block = lambda: nn.ModuleDict({"conv1": nn.Conv2d(wide, wide, 3), "conv2": nn.Conv2d(wide, wide, 3)})
        self.resnet_blocks = nn.ModuleList([block() for _ in range(blocks)])
        self.deconv1_content, self.deconv2_content = up(2 * ngf), up(ngf)
        self.deconv3_content = nn.Conv2d(ngf, 3 * (masks if geo else masks - 1), 7)
        self.deconv1_attention, self.deconv2_attention = up(2 * ngf), up(ngf)
        self.deconv3_attention = nn.Conv2d(ngf, masks, 1)

    def parts(self, x):
        normed = lambda y: F.relu(F.instance_norm(y))
        mirrored = lambda y, side: F.pad(y, (side,) * 4, "reflect")
        y = normed(self.conv3(normed(self.conv2(normed(self.conv1(mirrored(x, 3)))))))
        for block in self.resnet_blocks:
            inner = normed(block["conv1"](mirrored(y, 1)))
            y = y + F.instance_norm(block["conv2"](mirrored(inner, 1)))
        content = normed(self.deconv2_content(normed(self.deconv1_content(y))))
        content = torch.tanh(self.deconv3_content(mirrored(content, 3)))
        attention = normed(self.deconv2_attention(normed(self.deconv1_attention(y))))
        attention = torch.softmax(self.deconv3_attention(attention), 1)
        shown = [*content.split(3, 1)] + ([] if self.geo else [x])
        image = sum(part * attention[:, at : at + 1] for at, part in enumerate(shown))
        return {"image": image, "attention": attention, "content": content}

    def forward(self, x):
        return self.parts(x)["image"]


class NormedResidual(nn.Module):
    def __init__(self, width):
        super().__init__()
        half = lambda: [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3), nn.BatchNorm2d(width)]
        self.conv_block = nn.Sequential(*half(), nn.ReLU(), *half())

    def forward(self, x):
        return x + self.conv_block(x)


class SchemeOne(nn.Module):
    def __init__(self, ngf, blocks):
        super().__init__()
        stack = [nn.ReflectionPad2d(3), nn.Conv2d(3, ngf, 7), nn.BatchNorm2d(ngf), nn.ReLU()]
        for width in (ngf, 2 * ngf):
            stack += [nn.Conv2d(width, 2 * width, 3, 2, 1), nn.BatchNorm2d(2 * width), nn.ReLU()]
        stack += [NormedResidual(4 * ngf) for _ in range(blocks)]
        for width in (2 * ngf, ngf):
            stack += [nn.ReflectionPad2d(1), nn.Conv2d(2 * width, width, 3), nn.BatchNorm2d(width), nn.ReLU()]
            stack += [nn.Conv2d(width, 4 * width, 1), nn.PixelShuffle(2), nn.BatchNorm2d(width), nn.ReLU()]
        self.model = nn.Sequential(*stack, nn.ReflectionPad2d(3), nn.Conv2d(ngf, 4, 7))

    def parts(self, x):
        made = self.model(x)
        attention, content = torch.sigmoid(made[:, :1]), made[:, 1:]
        return {"image": content * attention + x * (1 - attention), "attention": attention, "content": content}

    def forward(self, x):
        return self.parts(x)["image"]


class TowerOne(nn.Module):
    def __init__(self, width):
        super().__init__()
        stack, before = [], 3
        for after in (width, 2 * width, 4 * width, 8 * width):
            stack += [nn.Conv2d(before, after, 4, 2), nn.BatchNorm2d(after), nn.LeakyReLU(0.01)]
            before = after
        stack += [nn.Conv2d(before, before, 4), nn.LeakyReLU(0.01), nn.AdaptiveAvgPool2d(1), nn.Conv2d(before, 1, 1)]
        self.conv_tower = nn.Sequential(*stack)

    def forward(self, x):
        return self.conv_tower(x)


@steady
def write_scheme_one_training(path, config):
    seed = config["seed"]
    generator_of = lambda: SchemeOne(config["ngf"], config["n_blocks"])
    tower_of = lambda: TowerOne(64 // config["width_divisor"])
    makers = {"G_A2B": generator_of, "G_B2A": generator_of, "D_A": tower_of, "D_B": tower_of}
    networks = {name: seeded(seed + index, make) for index, (name, make) in enumerate(makers.items())}
    size = config["buffer"]
    inputs = unpaired_pictures(config) | pool_inputs("buffer", config, size)
    judge = lambda scores, target: F.mse_loss(scores, torch.full_like(scores, target))

    def variation(mask):
        """Summed, and three times: the code repeats the mask for every colour."""
        down, across = mask[:, :, 1:] - mask[:, :, :-1], mask[:, :, :, 1:] - mask[:, :, :, :-1]
        return 3 * config["lambda_reg"] * (down.abs().sum() + across.abs().sum())

    def trainer(n, x):
        to_b, to_a, D_A, D_B = n.values()
        optimizer_g, optimizer_d = adam(config, to_b, to_a), adam(config, D_A, D_B)
        draws = PoolDraws(x["buffer_uniform"], x["buffer_index"])
        buffer_a, buffer_b = Pool(size, draws), Pool(size, draws)

        def step(iteration, record):
            A, B, rate = x[f"real_A/{iteration}"], x[f"real_B/{iteration}"], config["rates"][iteration]
            # Identity passes of weight zero, which move the running statistics.
            to_b(B), to_a(A)
            made_b = to_b.parts(A)
            fake_b, back_a = made_b["image"], to_a(made_b["image"])
            gan_b = judge(D_B(fake_b), 1.0)
            made_a = to_a.parts(B)
            fake_a, back_b = made_a["image"], to_b(made_a["image"])
            gan_a = judge(D_A(fake_a), 1.0)
            reg_b, reg_a = variation(made_b["attention"]), variation(made_a["attention"])
            cycle_a, cycle_b = F.l1_loss(back_a, A), F.l1_loss(back_b, B)
            pix_a, pix_b = F.l1_loss(fake_b, A), F.l1_loss(fake_a, B)
            total = (1 - rate) * ((gan_b + gan_a) / 2 + reg_b + reg_a)
            total = total + rate * (config["lambda_cycle"] * (cycle_a + cycle_b) + config["lambda_pixel"] * (pix_a + pix_b))
            descend(optimizer_g, total)
            record.gradients("G_A2B", "G_B2A")
            optimizer_g.step()
            record.outputs(fake_B=fake_b, mask_B=made_b["attention"], mask_A=made_a["attention"])
            judged = judge(D_A(A), 1.0) + judge(D_A(buffer_a.query(fake_a)), 0.0)
            judged = (judged + judge(D_B(B), 1.0) + judge(D_B(buffer_b.query(fake_b)), 0.0)) / 4
            descend(optimizer_d, judged)
            record.gradients("D_A", "D_B")
            optimizer_d.step()
            record.losses(G=total, GAN_A2B=gan_b, GAN_B2A=gan_a, cycle_ABA=cycle_a, cycle_BAB=cycle_b)
            record.losses(pix_A=pix_a, pix_B=pix_b, reg_A=reg_a, reg_B=reg_b, D=judged)

        return step

    return write_training(path, networks, inputs, trainer, config)


def write_scheme_two(folder):
    for seed, (ngf, blocks, height, width, batch, geo) in enumerate([(3, 1, 24, 40, 3, False), (5, 3, 20, 16, 1, True)]):
        name = "generator_geo" if geo else "generator"
        config = {"ngf": ngf, "n_blocks": blocks, "size": [height, width], "batch": batch}
        config |= {"attention_head_scale": 1.0, "seed": seed}
        module, given = seeded(seed, lambda: SchemeTwo(ngf, blocks, geo)), {"image": pictures(batch, 3, height, width, seed)}
        parts = lambda m, x: m.parts(x["image"])
        write_net(folder / f"{name}_{seed}.safetensors", module, given, parts, config, differentiable=["image"])
    for seed, (ngf, blocks, ndf, size, batch, iterations, pool, other) in enumerate(
        [
            (3, 2, 3, [32, 24], 1, 4, 3, {"lambda_A": 5.0, "lambda_B": 7.0, "lambda_identity": 0.25}),
            (4, 1, 4, [32, 32], 3, 2, 0, {"gan_mode": "vanilla", "lr": 1e-3, "beta1": 0.9, "beta2": 0.99}),
            (3, 1, 3, [32, 32], 1, 2, 1, {"gan_mode": "wgangp", "eps": 1e-4, "lambda_identity": 0}),
        ]
    ):
        config = {"ngf": ngf, "n_blocks": blocks, "ndf": ndf, "size": size, "batch": batch, "iterations": iterations}
        config |= {"pool_size": pool, "attention_head_scale": 1.0, **training, **other, "seed": 101 * seed}
        makers = (lambda: SchemeTwo(ngf, blocks), lambda: PatchGan(3, ndf))
        write_cycle_training(folder / f"train_step_{seed}.safetensors", *makers, config)


def write_scheme_one(folder):
    config = {"ngf": 4, "n_blocks": 1, "size": [24, 36], "batch": 2, "seed": 0}
    write_net(
        folder / "generator_0.safetensors",
        *(seeded(0, lambda: SchemeOne(4, 1)), {"image": pictures(2, 3, 24, 36, 0)}, lambda m, x: m.parts(x["image"]), config),
        evaluated=["image"],
        differentiable=["image"],
    )
    config = {"width_divisor": 32, "size": [120, 128], "batch": 3, "seed": 1}
    write_net(
        folder / "discriminator_0.safetensors",
        *(seeded(1, lambda: TowerOne(2)), {"image": pictures(3, 3, 120, 128, 1)}, lambda m, x: {"score": m(x["image"])}, config),
        evaluated=["score"],
        differentiable=["image"],
    )
    common = {"lambda_cycle": 10, "lambda_pixel": 1, "lambda_reg": 1e-6, "optimizer": "Adam", "lr": 1e-4}
    common |= {"beta1": 0.5, "beta2": 0.999, "eps": 1e-8}
    for seed, (ngf, blocks, divisor, size, batch, iterations, buffer, rates, other) in enumerate(
        [
            (3, 1, 32, [112, 120], 2, 3, 2, [0.01, 0.5, 0.5], {"lambda_cycle": 4.0, "lambda_pixel": 2.5, "lambda_reg": 1e-5}),
            (2, 1, 32, [112, 112], 1, 2, 0, [0.5, 0.5], {"lr": 5e-4, "beta1": 0.9}),
        ]
    ):
        config = {"ngf": ngf, "n_blocks": blocks, "width_divisor": divisor, "size": size, "batch": batch}
        config |= {"iterations": iterations, "buffer": buffer, "rates": rates, **common, **other, "seed": 50 * seed}
        write_scheme_one_training(folder / f"train_step_{seed}.safetensors", config)
