"""AttentionGAN, second scheme, in PyTorch, stepped from standard input: one JSON request per line, one JSON answer per line.

Request {"task": "iteration", "width", "size", "batch"} builds (or keeps) the networks and runs {"steps"} training iterations; the
answer is {"ms": [milliseconds of each]}. Request {"task": "memory", "size"} builds one generator at the paper's width, runs it once, and
answers {"megabytes": peak resident memory}.
"""

import json
import resource
import sys
import time

import torch
from torch import nn

torch.set_num_threads(2)
MASKS = 10


def normed(layer, width):
    return nn.Sequential(layer, nn.InstanceNorm2d(width), nn.ReLU(inplace=True))


def reflected(inputs, outputs, kernel):
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, padding_mode="reflect")


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.branch = nn.Sequential(
            normed(reflected(width, width, 3), width), reflected(width, width, 3), nn.InstanceNorm2d(width)
        )

    def forward(self, x):
        return x + self.branch(x)


def decoder(width, head):
    layers = []
    for _ in range(2):
        up = nn.ConvTranspose2d(width, width // 2, 3, 2, 1, output_padding=1)
        layers.append(normed(up, width // 2))
        width //= 2
    return nn.Sequential(*layers, head)


class Generator(nn.Module):
    def __init__(self, width):
        super().__init__()
        layers = [normed(reflected(3, width, 7), width)]
        for times in (1, 2):
            layers.append(normed(nn.Conv2d(times * width, 2 * times * width, 3, 2, 1), 2 * times * width))
        self.encoder = nn.Sequential(*layers, *(Residual(4 * width) for _ in range(9)))
        self.content = decoder(4 * width, reflected(width, 3 * (MASKS - 1), 7))
        self.masks = decoder(4 * width, nn.Conv2d(width, MASKS, 1))

    def forward(self, x):
        features = self.encoder(x)
        content = torch.cat([torch.tanh(self.content(features)), x], 1).unflatten(1, (MASKS, 3))
        return (content * self.masks(features).softmax(1)[:, :, None]).sum(1)


class Discriminator(nn.Module):
    def __init__(self, width):
        super().__init__()
        layers = [nn.Conv2d(3, width, 4, 2, 1), nn.LeakyReLU(0.2, True)]
        for index, stride in enumerate((2, 2, 1)):
            inputs, outputs = width * 2**index, width * 2 ** (index + 1)
            layers += [nn.Conv2d(inputs, outputs, 4, stride, 1), nn.InstanceNorm2d(outputs), nn.LeakyReLU(0.2, True)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(8 * width, 1, 4, 1, 1))

    def forward(self, x):
        return self.layers(x)


def squares(scores, target):
    return ((scores - target) ** 2).mean()


class Training:
    def __init__(self, width, size, batch):
        torch.manual_seed(0)
        self.a, self.b = (torch.rand(batch, 3, size, size) * 2 - 1 for _ in range(2))
        self.to_b, self.to_a = Generator(width), Generator(width)
        self.judge_b, self.judge_a = Discriminator(width), Discriminator(width)
        both = lambda *nets: [parameter for net in nets for parameter in net.parameters()]
        self.g = torch.optim.Adam(both(self.to_b, self.to_a), 2e-4, (0.5, 0.999))
        self.judges = both(self.judge_b, self.judge_a)
        self.d = torch.optim.Adam(self.judges, 2e-4, (0.5, 0.999))

    def step(self):
        a, b = self.a, self.b
        for parameter in self.judges:
            parameter.requires_grad_(False)
        fake_b, fake_a = self.to_b(a), self.to_a(b)
        loss = squares(self.judge_b(fake_b), 1.0) + squares(self.judge_a(fake_a), 1.0)
        loss = loss + 10 * ((self.to_a(fake_b) - a).abs().mean() + (self.to_b(fake_a) - b).abs().mean())
        loss = loss + 5 * ((self.to_b(b) - b).abs().mean() + (self.to_a(a) - a).abs().mean())
        self.g.zero_grad()
        loss.backward()
        self.g.step()
        for parameter in self.judges:
            parameter.requires_grad_(True)
        self.d.zero_grad()
        for judge, real, fake in ((self.judge_b, b, fake_b), (self.judge_a, a, fake_a)):
            (0.5 * (squares(judge(real), 1.0) + squares(judge(fake.detach()), 0.0))).backward()
        self.d.step()
        return loss.item()


def memory(size):
    with torch.no_grad():
        Generator(64)(torch.rand(1, 3, size, size))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main():
    current, training = None, None
    for line in sys.stdin:
        request = json.loads(line)
        if request.pop("task") == "memory":
            print(json.dumps({"megabytes": memory(**request)}), flush=True)
            continue
        steps = request.pop("steps")
        if request != current:
            current, training = request, Training(**request)
        times = []
        for _ in range(steps):
            start = time.perf_counter()
            training.step()
            times.append(1e3 * (time.perf_counter() - start))
        print(json.dumps({"ms": times}), flush=True)


main()
