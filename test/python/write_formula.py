"""Writes a .pth of tensors that a formula gives by their names (fixtures/inception/README.md).

Usage: python write_formula.py SHAPES.json FILE.pth
"""

import json
import sys
from collections import OrderedDict
from pathlib import Path

import torch

from golden.formula import tensor

shapes = json.loads(Path(sys.argv[1]).read_text())
torch.save(OrderedDict((name, tensor(name, shape)) for name, shape in shapes.items()), sys.argv[2])
