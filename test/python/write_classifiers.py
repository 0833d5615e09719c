"""Writes torchvision's classifiers, all inner widths divided, as .pth files, and what PyTorch computes with them.

Usage: python write_classifiers.py FOLDER

For each model FOLDER holds MODEL.pth, its state dict, and MODEL.json: a picture batch, its classes, the logits, the cross
entropy in evaluation mode, and its gradient for every parameter, as lists in PyTorch's layout.
"""

import json
import sys
from pathlib import Path

import torch
from torch import nn
from torchvision import models

classes = 3
# Each model with what its widths are divided by.
divisors = {"vgg16": 16, "vgg19": 16, "alexnet": 16, "resnet18": 8, "resnet34": 8}


def narrow(model, divisor):
    """Replaces every layer by one of the same geometry and fewer channels; pictures and classes keep theirs."""
    last = [layer for layer in model.modules() if isinstance(layer, nn.Linear)][-1]
    for parent in list(model.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, nn.Conv2d):
                inputs = layer.in_channels if layer.in_channels == 3 else layer.in_channels // divisor
                geometry = (layer.kernel_size, layer.stride, layer.padding)
                narrowed = nn.Conv2d(inputs, layer.out_channels // divisor, *geometry, bias=layer.bias is not None)
            elif isinstance(layer, nn.BatchNorm2d):
                narrowed = nn.BatchNorm2d(layer.num_features // divisor)
            elif isinstance(layer, nn.Linear):
                outputs = layer.out_features if layer is last else layer.out_features // divisor
                narrowed = nn.Linear(layer.in_features // divisor, outputs)
            else:
                continue
            setattr(parent, name, narrowed)
    return model


def main(folder):
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(3)
    for name, divisor in divisors.items():
        model = narrow(getattr(models, name)(weights=None, num_classes=classes), divisor)
        for layer in model.modules():
            if isinstance(layer, nn.Conv2d):
                # Signals keep their size through every depth, so that the logits depend on the picture.
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if isinstance(layer, nn.BatchNorm2d):
                nn.init.normal_(layer.running_mean, 0, 0.1)
                nn.init.uniform_(layer.running_var, 0.5, 1.5)
                nn.init.normal_(layer.weight, 1, 0.2)
                nn.init.normal_(layer.bias, 0, 0.1)
        model.eval()
        # Not square, and no multiple of the strides.
        image = torch.rand(2, 3, 70, 83) * 2 - 1
        label = torch.tensor([2, 0])
        logits = model(image)
        loss = nn.functional.cross_entropy(logits, label)
        loss.backward()
        gradients = {key: value.grad.flatten().tolist() for key, value in model.named_parameters()}
        torch.save(model.state_dict(), out / f"{name}.pth")
        results = {
            "shape": list(image.shape),
            "image": image.flatten().tolist(),
            "label": label.tolist(),
            "logits": logits.flatten().tolist(),
            "loss": loss.item(),
            "gradients": gradients,
        }
        (out / f"{name}.json").write_text(json.dumps(results))


main(*sys.argv[1:])
