"""StarGAN in PyTorch, stepped from standard input: one JSON request per line, one JSON answer per line.

Request {"task": "generator" | "iteration", "width", "size", "batch", "layers"} builds (or keeps) the networks and runs
{"steps"} steps; the answer is {"ms": [milliseconds of each step]}.
"""

import json
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

torch.set_num_threads(2)
LABELS = 5


def conv(inputs, outputs, kernel, stride, pad):
    return nn.Conv2d(inputs, outputs, kernel, stride, pad, bias=False)


def normed(layer, channels):
    return [layer, nn.InstanceNorm2d(channels, affine=True), nn.ReLU(inplace=True)]


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        first = normed(conv(channels, channels, 3, 1, 1), channels)
        second = normed(conv(channels, channels, 3, 1, 1), channels)[:2]
        self.branch = nn.Sequential(*first, *second)

    def forward(self, x):
        return x + self.branch(x)


class Generator(nn.Module):
    def __init__(self, width):
        super().__init__()
        layers = normed(conv(3 + LABELS, width, 7, 1, 3), width)
        for _ in range(2):
            layers += normed(conv(width, 2 * width, 4, 2, 1), 2 * width)
            width *= 2
        layers += [Residual(width) for _ in range(6)]
        for _ in range(2):
            layers += normed(nn.ConvTranspose2d(width, width // 2, 4, 2, 1, bias=False), width // 2)
            width //= 2
        self.layers = nn.Sequential(*layers, conv(width, 3, 7, 1, 3), nn.Tanh())

    def forward(self, images, labels):
        planes = labels[:, :, None, None].expand(-1, -1, *images.shape[2:])
        return self.layers(torch.cat([images, planes], 1))


class Discriminator(nn.Module):
    def __init__(self, width, size, count):
        super().__init__()
        layers, inputs = [], 3
        for index in range(count):
            outputs = width * 2**index
            layers += [nn.Conv2d(inputs, outputs, 4, 2, 1), nn.LeakyReLU(0.01)]
            inputs = outputs
        self.layers = nn.Sequential(*layers)
        self.source = conv(inputs, 1, 3, 1, 1)
        self.labels = conv(inputs, LABELS, size // 2**count, 1, 0)

    def forward(self, x):
        features = self.layers(x)
        return self.source(features), self.labels(features).flatten(1)


def entropy(logits, labels):
    return F.binary_cross_entropy_with_logits(logits, labels, reduction="sum") / logits.shape[0]


class Training:
    def __init__(self, task, width, size, batch, layers):
        torch.manual_seed(0)
        self.images = torch.rand(batch, 3, size, size) * 2 - 1
        self.labels = torch.randint(0, 2, (batch, LABELS)).float()
        self.G = Generator(width)
        self.g = torch.optim.Adam(self.G.parameters(), 1e-4, (0.5, 0.999))
        if task == "iteration":
            self.D = Discriminator(width, size, layers)
            self.d = torch.optim.Adam(self.D.parameters(), 1e-4, (0.5, 0.999))
        self.step = getattr(self, task)

    def generator(self):
        loss = (self.G(self.images, self.labels) - self.images).abs().mean()
        self.g.zero_grad()
        loss.backward()
        self.g.step()
        return loss.item()

    def iteration(self):
        images, labels = self.images, self.labels
        target = labels[torch.randperm(len(labels))]
        real, classes = self.D(images)
        with torch.no_grad():
            fake = self.G(images, target)
        judged, _ = self.D(fake)
        alpha = torch.rand(len(images), 1, 1, 1)
        between = (alpha * images + (1 - alpha) * fake).requires_grad_()
        score, _ = self.D(between)
        (slope,) = torch.autograd.grad(score, between, torch.ones_like(score), create_graph=True)
        penalty = ((slope.flatten(1).square().sum(1).sqrt() - 1) ** 2).mean()
        loss = -real.mean() + judged.mean() + entropy(classes, labels) + 10 * penalty
        self.d.zero_grad()
        loss.backward()
        self.d.step()

        fake = self.G(images, target)
        judged, classes = self.D(fake)
        again = self.G(fake, labels)
        loss = -judged.mean() + 10 * (images - again).abs().mean() + entropy(classes, target)
        self.g.zero_grad()
        loss.backward()
        self.g.step()
        return loss.item()


def main():
    current, training = None, None
    for line in sys.stdin:
        request = json.loads(line)
        steps = request.pop("steps")
        if request != current:
            training = None
            current, training = request, Training(**request)
        times = []
        for _ in range(steps):
            start = time.perf_counter()
            training.step()
            times.append(1e3 * (time.perf_counter() - start))
        print(json.dumps({"ms": times}), flush=True)


main()
