"""Writes golden files by networks and training steps of our own in PyTorch, from the layer tables of the papers' codes.

Usage: python write.py FOLDER

They have widths, sizes, seeds and options that the authors' golden files have not, and are held against the same builders.
"""

import sys
from pathlib import Path

import aga_gan
import attention_gan
import cyclegan
import losses
import progressive
import resnet
import sag_gan
import sagan
import stargan
import super_resolution
import uaggan

writers = {
    "agagan": aga_gan.write,
    "attentiongan_v1": attention_gan.write_scheme_one,
    "attentiongan_v1_multi": lambda folder: stargan.write(folder, "multi"),
    "attentiongan_v2": attention_gan.write_scheme_two,
    "ccagan": lambda folder: stargan.write(folder, "ccagan"),
    "cyclegan": cyclegan.write,
    "esrgan": lambda folder: super_resolution.write_baseline(folder, "esrgan"),
    "fafssrgan": lambda folder: super_resolution.write_training_of(folder, "fafssrgan"),
    "fasrgan": super_resolution.write_fasrgan,
    "fssrgan": super_resolution.write_fssrgan,
    "losses": losses.write,
    "msggan": progressive.write_msggan,
    "pggan": progressive.write_pggan,
    "resnet18": resnet.write,
    "sagan": sagan.write,
    "saggan": sag_gan.write,
    "srgan": lambda folder: super_resolution.write_baseline(folder, "srgan"),
    "stargan": lambda folder: stargan.write(folder, "stargan"),
    "uaggan": uaggan.write,
}

if __name__ == "__main__":
    for name, writer in writers.items():
        writer(Path(sys.argv[1]) / name)
