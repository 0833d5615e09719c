"""Writes a small Keras network in each form in which its weights are kept, and a picture with the network's answer.

Usage: KERAS_BACKEND=torch python write_keras.py FOLDER
"""

import json
import sys
from pathlib import Path

import keras
import numpy

keras.utils.set_random_seed(3)
out = Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
# Layers before the network, so that it does not begin to count at none.
keras.layers.Conv2D(1, 1)
picture = keras.Input((4, 4, 3))
x = keras.layers.Conv2D(5, 3, padding="same")(picture)
x = keras.layers.BatchNormalization()(x)
x = keras.layers.Conv2DTranspose(2, 4, strides=2, padding="same")(x)
x = keras.layers.Flatten()(x)
model = keras.Model(picture, keras.layers.Dense(3)(x))
generator = numpy.random.default_rng(4)
model.set_weights([generator.uniform(0.1, 1, value.shape).astype("float32") for value in model.get_weights()])
model.save(out / "keras-2.h5")
model.save_weights(out / "keras-3.weights.h5")
values = {
    f"{layer.name}/{weight.name}": {"shape": list(weight.shape), "data": numpy.asarray(weight).ravel().tolist()}
    for layer in model.layers
    for weight in layer.weights
}
(out / "keras.json").write_text(json.dumps({"keras": keras.__version__, "weights": values}))
