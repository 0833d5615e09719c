"""Losses on scores, and gradient penalties through a PatchGAN."""

import torch
from torch.nn import functional as F

from cyclegan import PatchGan
from golden import noise, pictures, seeded, write_net

entropy = F.binary_cross_entropy_with_logits
one, zero = torch.ones_like, torch.zeros_like


def adversarial():
    """Both networks' losses of each form, from scores of real and fake pictures."""

    def pair(of_real, of_fake, share, of_generator=None):
        generator = of_generator or (lambda real, fake: of_real(fake))
        return generator, lambda real, fake: share * (of_real(real) + of_fake(fake))

    average = lambda real_target, fake_target: lambda real, fake: (
        entropy(real - fake.mean(), real_target(real)) + entropy(fake - real.mean(), fake_target(fake))
    ) / 2
    forms = {
        "lsgan": pair(lambda s: F.mse_loss(s, one(s)), lambda s: F.mse_loss(s, zero(s)), 0.5),
        "vanilla": pair(lambda s: entropy(s, one(s)), lambda s: entropy(s, zero(s)), 0.5),
        "wgangp": pair(lambda s: -s.mean(), lambda s: s.mean(), 0.5),
        "hinge": pair(lambda s: F.relu(1 - s).mean(), lambda s: F.relu(1 + s).mean(), 1, lambda real, fake: -fake.mean()),
        # The generator holds real scores constant.
        "relativistic_average": (lambda real, fake: average(zero, one)(real.detach(), fake), average(one, zero)),
    }
    return {f"{name}_{side}": loss for name, both in forms.items() for side, loss in zip("gd", both)}


def write(folder):
    for seed, shape in enumerate([(1, 1, 1, 1), (5, 1, 3, 2), (4, 7)]):
        given = {"real_logits": noise(*shape, seed=seed), "fake_logits": noise(*shape, seed=seed + 10)}
        # What a loss does not depend on has a gradient of zero.
        of = lambda loss: lambda m, x: loss(x["real_logits"], x["fake_logits"]) + 0 * (x["real_logits"].sum() + x["fake_logits"].sum())
        losses = {name: of(loss) for name, loss in adversarial().items()}
        nothing = lambda m, x: {}
        write_net(
            *(folder / f"adversarial_{seed}.safetensors", torch.nn.Module(), given, nothing, {"shape": shape, "seed": seed}),
            losses=losses,
            differentiable=list(given),
        )
    for seed, (ndf, layers, norm, size, batch, weight) in enumerate([(4, 3, "none", 40, 2, 5.0), (4, 1, "instance", 16, 1, 1.0)]):
        between = lambda x: x["gp_alpha"] * x["real"] + (1 - x["gp_alpha"]) * x["fake"]

        def slope(m, points):
            points = points.detach().requires_grad_()
            return torch.autograd.grad(m(points).sum(), points, create_graph=True)[0]

        penalty = lambda m, points, shift: ((slope(m, points).flatten(1) + shift).norm(2, 1) - 1).pow(2).mean()
        losses = {
            "gp_cyclegan_mixed": lambda m, x: weight * penalty(m, between(x), 1e-16),
            "gp_cyclegan_real": lambda m, x: weight * penalty(m, x["real"], 1e-16),
            "gp_cyclegan_fake": lambda m, x: weight * penalty(m, x["fake"], 1e-16),
            "gp_stargan": lambda m, x: penalty(m, between(x), 0),
        }
        config = {"ndf": ndf, "n_layers": layers, "size": [size, size], "batch": batch, "lambda_gp": weight, "norm": norm}
        given = {"real": pictures(batch, 3, size, size, seed), "fake": pictures(batch, 3, size, size, seed + 9)}
        given["gp_alpha"] = torch.rand(batch, 1, 1, 1, generator=torch.Generator().manual_seed(seed))
        write_net(
            *(folder / f"gradient_penalty_{seed}.safetensors", seeded(seed, lambda: PatchGan(3, ndf, layers, norm)), given),
            *(lambda m, x: {"input_gradient_mixed": slope(m, between(x))}, {**config, "seed": seed}, losses),
        )
