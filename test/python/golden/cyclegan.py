"""CycleGAN: networks, training of two domains."""

import torch
from torch import nn
from torch.nn import functional as F

from golden import Frozen, Pool, PoolDraws, adam, descend, pictures, pool_inputs, seeded, steady, unpaired_pictures, write_net, write_training


def norm_of(kind):
    """The norm's constructor, and whether convolutions in front of it have biases."""
    if kind == "batch":
        return nn.BatchNorm2d, False
    return (nn.InstanceNorm2d, True) if kind == "instance" else (lambda _: nn.Identity(), False)


class PatchGan(nn.Module):
    def __init__(self, channels, ndf, layers=3, norm="instance"):
        super().__init__()
        make_norm, bias = norm_of(norm)
        stack, width = [nn.Conv2d(channels, ndf, 4, 2, 1), nn.LeakyReLU(0.2)], ndf
        for level in range(1, layers + 1):
            wider = ndf * min(2**level, 8)
            stride = 2 if level < layers else 1
            stack += [nn.Conv2d(width, wider, 4, stride, 1, bias=bias), make_norm(wider), nn.LeakyReLU(0.2)]
            width = wider
        self.model = nn.Sequential(*stack, nn.Conv2d(width, 1, 4, 1, 1))

    def forward(self, x):
        return self.model(x)


class PixelGan(nn.Module):
    def __init__(self, channels, ndf, norm="instance"):
        super().__init__()
        make_norm, bias = norm_of(norm)
        self.net = nn.Sequential(
            *(nn.Conv2d(channels, ndf, 1), nn.LeakyReLU(0.2), nn.Conv2d(ndf, 2 * ndf, 1, bias=bias)),
            *(make_norm(2 * ndf), nn.LeakyReLU(0.2), nn.Conv2d(2 * ndf, 1, 1, bias=bias)),
        )

    def forward(self, x):
        return self.net(x)


class Residual(nn.Module):
    def __init__(self, width, make_norm, bias):
        super().__init__()
        half = lambda: [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=bias), make_norm(width)]
        self.conv_block = nn.Sequential(*half(), nn.ReLU(), *half())

    def forward(self, x):
        return x + self.conv_block(x)


class Resnet(nn.Module):
    """`block(width)` makes the residual blocks."""

    def __init__(self, channels, ngf, blocks, norm="instance", out=None, block=None):
        super().__init__()
        make_norm, bias = norm_of(norm)
        block = block or (lambda width: Residual(width, make_norm, bias))
        stack = [nn.ReflectionPad2d(3), nn.Conv2d(channels, ngf, 7, bias=bias), make_norm(ngf), nn.ReLU()]
        for width in (ngf, 2 * ngf):
            stack += [nn.Conv2d(width, 2 * width, 3, 2, 1, bias=bias), make_norm(2 * width), nn.ReLU()]
        stack += [block(4 * ngf) for _ in range(blocks)]
        for width in (2 * ngf, ngf):
            stack += [nn.ConvTranspose2d(2 * width, width, 3, 2, 1, 1, bias=bias), make_norm(width), nn.ReLU()]
        self.model = nn.Sequential(*stack, nn.ReflectionPad2d(3), nn.Conv2d(ngf, out or channels, 7), nn.Tanh())

    def forward(self, x):
        return self.model(x)


class Skip(nn.Module):
    """One level of the U-Net; the skip carries the input behind the activation, which works in place."""

    def __init__(self, outer, inner, below, norm):
        super().__init__()
        make_norm, bias = norm_of(norm)
        down = [nn.LeakyReLU(0.2), nn.Conv2d(outer, inner, 4, 2, 1, bias=bias)]
        up = nn.ConvTranspose2d(inner if below is None else 2 * inner, outer, 4, 2, 1, bias=bias)
        middle = [] if below is None else [make_norm(inner), below]
        self.model = nn.Sequential(*down, *middle, nn.ReLU(), up, make_norm(outer))

    def forward(self, x):
        return torch.cat([F.leaky_relu(x, 0.2), self.model(x)], 1)


class OuterSkip(nn.Module):
    def __init__(self, channels, ngf, below, norm):
        super().__init__()
        up = nn.ConvTranspose2d(2 * ngf, channels, 4, 2, 1)
        down = nn.Conv2d(channels, ngf, 4, 2, 1, bias=norm_of(norm)[1])
        self.model = nn.Sequential(down, below, nn.ReLU(), up, nn.Tanh())

    def forward(self, x):
        return self.model(x)


class Unet(nn.Module):
    def __init__(self, channels, ngf, downs, norm="instance"):
        super().__init__()
        below = None
        for outer, inner in [(8, 8)] * (downs - 4) + [(4, 8), (2, 4), (1, 2)]:
            below = Skip(outer * ngf, inner * ngf, below, norm)
        self.model = OuterSkip(channels, ngf, below, norm)

    def forward(self, x):
        return self.model(x)


def criterion(mode):
    def loss(scores, real):
        target = torch.full_like(scores, float(real))
        if mode == "lsgan":
            return F.mse_loss(scores, target)
        if mode == "vanilla":
            return F.binary_cross_entropy_with_logits(scores, target)
        return -scores.mean() if real else scores.mean()

    return loss


@steady
def write_cycle_training(path, make_generator, make_discriminator, config):
    iterations, seed = config["iterations"], config["seed"]
    makers = {"G_A": make_generator, "G_B": make_generator, "D_A": make_discriminator, "D_B": make_discriminator}
    networks = {name: seeded(seed + index, make) for index, (name, make) in enumerate(makers.items())}
    size = config["pool_size"]
    inputs = unpaired_pictures(config) | pool_inputs("pool", config, size)

    def trainer(n, x):
        G_A, G_B, D_A, D_B = n.values()
        optimizer_g, optimizer_d = adam(config, G_A, G_B), adam(config, D_A, D_B)
        draws, judge = PoolDraws(x["pool_uniform"], x["pool_index"]), criterion(config["gan_mode"])
        pool_a, pool_b = Pool(size, draws), Pool(size, draws)
        lambda_a, lambda_b, identity = config["lambda_A"], config["lambda_B"], config["lambda_identity"]

        def step(iteration, record):
            A, B = x[f"real_A/{iteration}"], x[f"real_B/{iteration}"]
            fake_b, fake_a = G_A(A), G_B(B)
            back_a, back_b = G_B(fake_b), G_A(fake_a)
            record.outputs(fake_B=fake_b, rec_A=back_a, fake_A=fake_a, rec_B=back_b)
            with Frozen(D_A, D_B):
                gan_a, gan_b = judge(D_A(fake_b), True), judge(D_B(fake_a), True)
                cycle_a, cycle_b = lambda_a * F.l1_loss(back_a, A), lambda_b * F.l1_loss(back_b, B)
                idt_a = idt_b = torch.zeros(())
                if identity > 0:
                    same_a, same_b = G_A(B), G_B(A)
                    record.outputs(idt_A=same_a, idt_B=same_b)
                    idt_a, idt_b = identity * lambda_b * F.l1_loss(same_a, B), identity * lambda_a * F.l1_loss(same_b, A)
                total = gan_a + gan_b + cycle_a + cycle_b + idt_a + idt_b
                descend(optimizer_g, total)
            record.gradients("G_A", "G_B")
            optimizer_g.step()
            shown_b = pool_b.query(fake_b)
            shown_a = pool_a.query(fake_a)
            judged_a = (judge(D_A(B), True) + judge(D_A(shown_b), False)) / 2
            judged_b = (judge(D_B(A), True) + judge(D_B(shown_a), False)) / 2
            descend(optimizer_d, judged_a + judged_b)
            record.gradients("D_A", "D_B")
            optimizer_d.step()
            record.losses(G=total, G_A=gan_a, G_B=gan_b, cycle_A=cycle_a, cycle_B=cycle_b, D_A=judged_a, D_B=judged_b)
            if identity > 0:
                record.losses(idt_A=idt_a, idt_B=idt_b)
            if iteration == iterations - 1:
                record.last("output/pool_draws_used", draws.used)

        return step

    return write_training(path, networks, inputs, trainer, config)


training = {
    **{"lambda_A": 10.0, "lambda_B": 10.0, "lambda_identity": 0.5, "gan_mode": "lsgan", "optimizer": "Adam"},
    **{"lr": 2e-4, "beta1": 0.5, "beta2": 0.999, "eps": 1e-8},
}


def write(folder):
    image = lambda m, x: {"image": m(x["image"])}
    score = lambda m, x: {"score": m(x["image"])}
    for seed, (ndf, layers, norm, height, width, batch, channels) in enumerate(
        [(3, 1, "instance", 20, 36, 1, 3), (4, 2, "batch", 40, 32, 3, 6), (5, 4, "none", 65, 70, 2, 3)]
    ):
        config = {"ndf": ndf, "n_layers": layers, "size": [height, width], "batch": batch, "norm": norm, "seed": seed}
        module = seeded(seed, lambda: PatchGan(channels, ndf, layers, norm))
        given = {"image": pictures(batch, channels, height, width, seed)}
        evaluated = ["score"] if norm == "batch" else []
        write_net(folder / f"discriminator_patchgan_{seed}.safetensors", module, given, score, config, None, evaluated, ["image"])
    config = {"ndf": 5, "size": [9, 13], "batch": 3, "norm": "batch", "n_layers": 0, "seed": 4}
    write_net(
        folder / "discriminator_pixel_0.safetensors",
        *(seeded(4, lambda: PixelGan(4, 5, "batch")), {"image": pictures(3, 4, 9, 13, 4)}, score, config),
        differentiable=["image"],
    )
    for seed, (ngf, blocks, norm, height, width, batch, out) in enumerate(
        [(3, 3, "instance", 20, 32, 2, 3), (4, 2, "batch", 24, 16, 2, 1), (3, 1, "none", 16, 16, 1, 3)]
    ):
        config = {"ngf": ngf, "n_blocks": blocks, "size": [height, width], "batch": batch, "norm": norm, "seed": seed}
        module = seeded(seed, lambda: Resnet(3, ngf, blocks, norm, out))
        given = {"image": pictures(batch, 3, height, width, seed)}
        evaluated = ["image"] if norm == "batch" else []
        write_net(folder / f"generator_resnet_{seed}.safetensors", module, given, image, config, None, evaluated, ["image"])
    for seed, (ngf, downs, norm, height, width) in enumerate([(2, 6, "batch", 64, 128), (3, 5, "none", 32, 32)]):
        config = {"ngf": ngf, "num_downs": downs, "size": [height, width], "batch": 2, "norm": norm, "seed": seed}
        module = seeded(seed, lambda: Unet(3, ngf, downs, norm))
        given = {"image": pictures(2, 3, height, width, seed)}
        write_net(folder / f"generator_unet_{seed}.safetensors", module, given, image, config, differentiable=["image"])
    config = {"ngf": 3, "n_blocks": 2, "ndf": 3, "n_layers": 3, "norm": "instance", "size": [32, 32], "batch": 2}
    config |= {"iterations": 3, "pool_size": 2, **training, "seed": 5}
    write_cycle_training(folder / "train_step_0.safetensors", lambda: Resnet(3, 3, 2), lambda: PatchGan(3, 3), config)
