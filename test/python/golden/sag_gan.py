"""SAG-GAN, by the reading of its paper that the goldens have."""

import torch
from torch import nn
from torch.nn import functional as F

from cyclegan import Resnet
from golden import adam, descend, noise, pictures, seeded, steady, write_net, write_training
from sagan import SpectralConvolution


class Amse(nn.Module):
    """A residual block whose branch is gated by the average plus the maximum of each channel."""

    def __init__(self, width, reduction, affine):
        super().__init__()
        half = lambda: [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3), nn.InstanceNorm2d(width, affine=affine)]
        self.conv_block = nn.Sequential(*half(), nn.ReLU(), *half())
        narrow = max(1, width // reduction)
        self.fc1, self.fc2 = nn.Linear(width, narrow), nn.Linear(narrow, width)

    def forward(self, x):
        u = self.conv_block(x)
        squeezed = u.mean((2, 3)) + u.flatten(2).max(2)[0]
        return torch.sigmoid(self.fc2(F.relu(self.fc1(squeezed))))[:, :, None, None] * u + x


class Attention(nn.Module):
    def __init__(self, channels, w, reduction):
        super().__init__()
        make_norm = lambda width: nn.InstanceNorm2d(width, affine=True)
        self.conv1, self.conv2 = nn.Conv2d(channels, w, 7, 2), nn.Conv2d(w, 2 * w, 3, 2)
        self.conv3, self.conv4, self.conv5 = nn.Conv2d(2 * w, 2 * w, 1), nn.Conv2d(2 * w, w, 1), nn.Conv2d(w, 1, 1)
        self.norm1, self.norm2, self.norm3, self.norm4 = (make_norm(width) for width in (w, 2 * w, 2 * w, w))
        self.res = Amse(2 * w, reduction, True)

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(F.pad(x, (3,) * 4, "reflect"))))
        # TensorFlow's padding of a stride of 2: nothing before, one behind.
        y = self.res(F.relu(self.norm2(self.conv2(F.pad(y, (0, 1, 0, 1))))))
        y = F.relu(self.norm3(self.conv3(F.interpolate(y, scale_factor=2))))
        return torch.sigmoid(self.conv5(F.relu(self.norm4(self.conv4(F.interpolate(y, scale_factor=2))))))


class Discriminator(nn.Module):
    def __init__(self, channels, w):
        super().__init__()
        stack, before = [], channels
        for after, stride in ((w, 2), (2 * w, 2), (4 * w, 2), (8 * w, 1)):
            stack += [SpectralConvolution(nn.Conv2d(before, after, 4, stride, 1)), nn.LeakyReLU(0.2)]
            before = after
        self.model = nn.Sequential(*stack, SpectralConvolution(nn.Conv2d(before, 1, 4, 1, 1)))

    def forward(self, x):
        return self.model(x)


def generator(channels, ngf, blocks, reduction, affine=False):
    return Resnet(channels, ngf, blocks, block=lambda width: Amse(width, reduction, affine))


@steady
def write_sag_training(path, config):
    batch, (height, width), channels, seed = config["batch"], config["size"], config["nc"], config["seed"]
    shape = (channels, config["ngf"], config["n_blocks"], config["reduction"])
    makers = {
        **{name: lambda: generator(*shape) for name in ("G_NT", "G_TN")},
        **{name: lambda: Attention(channels, config["ngf_attention"], config["reduction"]) for name in ("A_N", "A_T")},
        **{name: lambda: Discriminator(channels, config["ndf"]) for name in ("D_T", "D_N")},
    }
    networks = {name: seeded(seed + index, make) for index, (name, make) in enumerate(makers.items())}
    random, inputs = torch.Generator().manual_seed(seed), {}
    for i in range(config["iterations"]):
        inputs[f"normal/{i}"] = pictures(batch, channels, height, width, seed + i)
        inputs[f"tumour/{i}"] = pictures(batch, channels, height, width, seed + 20 + i)
        inputs[f"label/{i}"] = (torch.rand(batch, 1, height, width, generator=random) > 0.7).float()
    log = config["gan"] == "log"
    as_real = lambda s: F.softplus(-s).mean() if log else (s - 1).pow(2).mean()
    as_fake = lambda s: F.softplus(s).mean() if log else s.pow(2).mean()

    def trainer(n, x):
        G_NT, G_TN, A_N, A_T, D_T, D_N = n.values()
        optimizer = adam(config, G_NT, G_TN, A_N, A_T)
        judges = {"D_T": (D_T, adam(config, D_T)), "D_N": (D_N, adam(config, D_N))}

        def translated(G, A, image):
            mask = A(image)
            return mask * G(image) + (1 - mask) * image, mask

        def step(iteration, record):
            normal, tumour, label = x[f"normal/{iteration}"], x[f"tumour/{iteration}"], x[f"label/{iteration}"]
            fake_t, mask_n = translated(G_NT, A_N, normal)
            fake_n, mask_t = translated(G_TN, A_T, tumour)
            back_n, back_t = translated(G_TN, A_T, fake_t)[0], translated(G_NT, A_N, fake_n)[0]
            record.outputs(fake_t=fake_t, fake_n=fake_n, mask_n=mask_n, mask_t=mask_t)
            gan_t, gan_n = as_real(D_T(mask_n * fake_t)), as_real(D_N(mask_t * fake_n))
            cycle_n, cycle_t = F.l1_loss(back_n, normal), F.l1_loss(back_t, tumour)
            mask = F.l1_loss(mask_t, label)
            total = config["lambda_gan"] * (gan_t + gan_n) + config["lambda_cyc"] * (cycle_n + cycle_t)
            total = total + config["lambda_mask"] * mask
            descend(optimizer, total)
            record.gradients("G_NT", "G_TN", "A_N", "A_T")
            optimizer.step()
            record.losses(G_D_T=gan_t, G_D_N=gan_n, cycle_n=cycle_n, cycle_t=cycle_t, mask=mask, total=total)
            shown = {"D_T": (tumour, fake_t, mask_n), "D_N": (normal, fake_n, mask_t)}
            for name, (judge, own) in judges.items():
                real, fake, seen = (value.detach() for value in shown[name])
                of_real, of_fake = as_real(judge(seen * real)), as_fake(judge(seen * fake))
                loss = (of_real + of_fake) / 2
                descend(own, loss)
                record.gradients(name)
                own.step()
                record.losses(**{name: loss, name + "_real": of_real, name + "_fake": of_fake})

        return step

    # Of one output, u is +1 or -1 for ever.
    return write_training(path, networks, inputs, trainer, config, ["after/D_T.model.8.weight_u", "after/D_N.model.8.weight_u"])


def write(folder):
    for seed, (channels, reduction, size, batch, affine) in enumerate([(12, 4, [7, 9], 3, True), (5, 16, [6, 6], 1, False)]):
        config = {"channels": channels, "reduction": reduction, "size": size, "batch": batch, "affine": affine, "seed": seed}
        module, given = seeded(seed, lambda: Amse(channels, reduction, affine)), {"feature": noise(batch, channels, *size, seed=seed)}
        forward = lambda m, x: {"feature": m(x["feature"])}
        write_net(folder / f"amse_block_{seed}.safetensors", module, given, forward, config, differentiable=["feature"])
    config = {"nc": 3, "ngf": 3, "n_blocks": 1, "reduction": 16, "size": [20, 28], "batch": 1, "seed": 2}
    module, given = seeded(2, lambda: generator(3, 3, 1, 16)), {"image": pictures(1, 3, 20, 28, 2)}
    forward = lambda m, x: {"image": m(x["image"])}
    write_net(folder / "generator_0.safetensors", module, given, forward, config, differentiable=["image"])
    config = {"nc": 1, "ngf": 5, "reduction": 5, "size": [24, 16], "batch": 3, "mask_head_scale": 1.0, "seed": 3}
    module, given = seeded(3, lambda: Attention(1, 5, 5)), {"image": pictures(3, 1, 24, 16, 3)}
    forward = lambda m, x: {"mask": m(x["image"])}
    write_net(folder / "attention_0.safetensors", module, given, forward, config, differentiable=["image"])
    common = {"nc": 1, "mask_head_scale": 1.0, "d_offset": 0, "sn_warm": 0, "pool_size": 0, "optimizer": "Adam", "beta1": 0.5}
    common |= {"beta2": 0.999, "eps": 1e-8, "lr": 2e-4, "lambda_gan": 1.0, "lambda_cyc": 10.0, "lambda_mask": 1.0}
    for seed, (ngf, blocks, reduction, attention, ndf, size, batch, other) in enumerate(
        [
            (2, 1, 3, 3, 2, [40, 32], 1, {"gan": "log", "lambda_gan": 0.5, "lambda_cyc": 4.0, "lambda_mask": 2.0}),
            (3, 2, 16, 2, 3, [32, 32], 3, {"gan": "lsgan", "lr": 1e-3, "nc": 3}),
        ]
    ):
        config = {"ngf": ngf, "n_blocks": blocks, "reduction": reduction, "ngf_attention": attention, "ndf": ndf, "size": size}
        config |= {"batch": batch, "iterations": 2, **common, **other, "seed": 60 * seed}
        write_sag_training(folder / f"train_step_{seed}.safetensors", config)
