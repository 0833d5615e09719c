"""Prints what TensorBoard itself reads from the event files of a folder, as JSON.

Usage: python read_tensorboard.py FOLDER
"""

import json
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

board = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "images": 0})
board.Reload()
tags = board.Tags()
print(
    json.dumps(
        {
            "scalars": {tag: [[each.step, each.value] for each in board.Scalars(tag)] for tag in tags["scalars"]},
            "images": {
                tag: [[each.step, each.width, each.height, each.encoded_image_string[1:4].decode()] for each in board.Images(tag)]
                for tag in tags["images"]
            },
        }
    )
)
