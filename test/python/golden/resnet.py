"""The residual classifier."""

import torch
from torch import nn
from torch.nn import functional as F

from golden import pictures, seeded, write_net


class Block(nn.Module):
    def __init__(self, before, after, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after)
        self.conv2, self.bn2 = nn.Conv2d(after, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after)
        self.downsample = nn.Identity()
        if before != after or stride != 1:
            self.downsample = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))

    def forward(self, x):
        inner = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(inner)) + self.downsample(x))


class Resnet(nn.Module):
    def __init__(self, width, blocks, classes, channels):
        super().__init__()
        self.conv1, self.bn1, before = nn.Conv2d(channels, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width), width
        for stage, count in enumerate(blocks):
            after, layers = width * 2**stage, []
            for index in range(count):
                layers.append(Block(before, after, 2 if stage > 0 and index == 0 else 1))
                before = after
            setattr(self, f"layer{stage + 1}", nn.Sequential(*layers))
        self.fc = nn.Linear(before, classes)

    def forward(self, x):
        y = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            y = layer(y)
        return self.fc(y.mean((2, 3)))


def write(folder):
    for seed, (width, blocks, classes, channels, height, across, batch) in enumerate(
        [(4, [1, 2, 1, 2], 3, 1, 40, 56, 3), (5, [3, 4, 6, 3], 5, 3, 64, 64, 2)]
    ):
        config = {"width": width, "blocks": blocks, "num_classes": classes, "size": [height, across], "batch": batch}
        given = {"image": pictures(batch, channels, height, across, seed), "label": (torch.arange(batch) % classes).float()}
        losses = {"total": lambda m, x: F.cross_entropy(m(x["image"]), x["label"].long())}
        write_net(
            folder / f"classifier_{seed}.safetensors",
            *(seeded(seed, lambda: Resnet(width, blocks, classes, channels)), given),
            *(lambda m, x: {"logits": m(x["image"])}, {**config, "seed": seed}, losses, ["logits"], ["image"]),
        )
