"""FASRGAN in PyTorch, stepped from standard input: one JSON request per line, one JSON answer per line.

Request {"task": "generator" | "iteration", "width", "blocks", "low", "batch", "dWidth", "dHead"} builds (or keeps) the networks and
runs {"steps"} steps; the answer is {"ms": [milliseconds of each step]}. Request {"task": "memory", "width", "blocks", "low"} builds the
generator, runs it once, and answers {"megabytes": peak resident memory}.
"""

import json
import resource
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

torch.set_num_threads(2)
GROWTH = 32


def conv3(inputs, outputs):
    return nn.Conv2d(inputs, outputs, 3, 1, 1)


class Dense(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.inner = nn.ModuleList(conv3(width + k * GROWTH, GROWTH) for k in range(4))
        self.last = conv3(width + 4 * GROWTH, width)

    def forward(self, x):
        known = x
        for layer in self.inner:
            known = torch.cat([known, F.leaky_relu(layer(known), 0.2)], 1)
        return x + 0.2 * self.last(known)


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.dense = nn.Sequential(*(Dense(width) for _ in range(3)))

    def forward(self, x):
        return x + 0.2 * self.dense(x)


class Generator(nn.Module):
    def __init__(self, width, blocks):
        super().__init__()
        self.first = conv3(3, width)
        self.trunk = nn.Sequential(*(Block(width) for _ in range(blocks)), conv3(width, width))
        self.larger = nn.ModuleList(conv3(width, width) for _ in range(2))
        self.full, self.last = conv3(width, width), conv3(width, 3)

    def forward(self, low):
        shallow = self.first(low)
        x = shallow + self.trunk(shallow)
        for layer in self.larger:
            x = F.leaky_relu(layer(F.interpolate(x, scale_factor=2, mode="nearest")), 0.2)
        return self.last(F.leaky_relu(self.full(x), 0.2))


def stage(inputs, outputs):
    first = [conv3(inputs, outputs), nn.BatchNorm2d(outputs, eps=outputs), nn.ReLU(inplace=True)]
    return nn.Sequential(*first, conv3(outputs, outputs), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class Discriminator(nn.Module):
    def __init__(self, w, head, size):
        super().__init__()
        self.down = nn.ModuleList([stage(3, w), stage(w, 2 * w), stage(2 * w, 4 * w), stage(4 * w, 4 * w)])
        self.up = nn.ModuleList([stage(8 * w, 2 * w), stage(4 * w, w), stage(2 * w, w)])
        self.map = nn.Conv2d(w, 3, 1)
        self.score = nn.Sequential(
            nn.Flatten(), nn.Linear(4 * w * (size // 8) ** 2, head), nn.LeakyReLU(0.2), nn.Linear(head, 1)
        )

    def forward(self, x):
        levels = []
        for index, layer in enumerate(self.down):
            x = layer(x if index == 0 else F.max_pool2d(x, 2))
            levels.append(x)
        score = self.score(x)
        for layer, skip in zip(self.up, reversed(levels[:-1])):
            x = layer(torch.cat([skip, F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)], 1))
        return score, self.map(x)


def entropy(logits, target):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))


class Training:
    def __init__(self, task, width, blocks, low, batch, dWidth, dHead):
        torch.manual_seed(0)
        self.low = torch.rand(batch, 3, low, low)
        self.high = torch.rand(batch, 3, 4 * low, 4 * low)
        self.G = Generator(width, blocks)
        self.g = torch.optim.Adam(self.G.parameters(), 1e-4)
        if task == "iteration":
            self.D = Discriminator(dWidth, dHead, 4 * low)
            self.d = torch.optim.Adam(self.D.parameters(), 1e-4)
        self.step = getattr(self, task)

    def generator(self):
        loss = (self.G(self.low) - self.high).abs().mean()
        self.g.zero_grad()
        loss.backward()
        self.g.step()
        return loss.item()

    def iteration(self):
        high = self.high
        for parameter in self.D.parameters():
            parameter.requires_grad_(False)
        fake = self.G(self.low)
        score, seen = self.D(fake)
        with torch.no_grad():
            real, real_map = self.D(high)
        relative = (entropy(real - score.mean(), 0.0) + entropy(score - real.mean(), 1.0)) / 2
        maps = (entropy(real_map, 0.0) + entropy(seen, 1.0)) / 2
        error = (fake - high).abs()
        attention = (error * (1 - torch.sigmoid(seen.detach()))).mean()
        loss = 1e-2 * error.mean() + 5e-3 * relative + 5e-3 * maps + 5e-2 * attention
        self.g.zero_grad()
        loss.backward()
        self.g.step()

        for parameter in self.D.parameters():
            parameter.requires_grad_(True)
        real, real_map = self.D(high)
        score, seen = self.D(fake.detach())
        relative = (entropy(real - score.mean(), 1.0) + entropy(score - real.mean(), 0.0)) / 2
        loss = relative + (entropy(real_map, 1.0) + entropy(seen, 0.0)) / 2
        self.d.zero_grad()
        loss.backward()
        self.d.step()
        return loss.item()


def memory(width, blocks, low):
    with torch.no_grad():
        Generator(width, blocks)(torch.rand(1, 3, low, low))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main():
    current, training = None, None
    for line in sys.stdin:
        request = json.loads(line)
        if request["task"] == "memory":
            print(json.dumps({"megabytes": memory(request["width"], request["blocks"], request["low"])}), flush=True)
            continue
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
