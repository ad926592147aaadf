"""Classifiers as Keras saves them, with random weights, and what it answers on pictures.

    python make.py MODEL PICTURES OUT

MODEL is "sequential" or "functional" (small), or a backbone and how it is used, such as
"Xception-flat", "Xception-nested" and "Xception-functional", with the ALS notebook's head. PICTURES
is an .npy file of grey pictures (n, rows, columns) in 0..255. Writes OUT.h5 and OUT.npy, Keras's
answers (n, 7). It runs where an old TensorFlow is, or Keras 3, and no SpineScan. The small files
beside it are of TensorFlow 2.12.1.
"""

import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ.setdefault("KERAS_BACKEND", "torch")
import numpy as np

try:
    from tensorflow import keras
except ImportError:
    import keras

layers = keras.layers


def sequential(rows, columns):
    """A frozen functional model within a Sequential one; some of it is taught on."""
    start = keras.Input((None, None, 3))
    x = layers.ZeroPadding2D(((1, 0), (0, 2)))(start)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, strides=2, padding="same")(x)
    x = layers.BatchNormalization(scale=False)(x)
    y = layers.SeparableConv2D(6, 3, padding="same", use_bias=False)(layers.LeakyReLU()(x))
    y = layers.BatchNormalization()(y)
    x = layers.Activation("relu")(layers.Add()([x, y]))
    z = layers.AveragePooling2D(3, strides=1, padding="same")(x)
    base = keras.Model(start, layers.Concatenate()([x, z]), name="base")
    base.trainable = False
    for layer in base.layers[-4:]:
        layer.trainable = True
    return keras.Sequential(
        [
            keras.Input((rows, columns, 3)),
            base,
            layers.GlobalAveragePooling2D(),
            layers.Dense(9, kernel_regularizer=keras.regularizers.l2(0.01)),
            layers.PReLU(),
            layers.Dropout(0.5),
            layers.Dense(7, activation="sigmoid"),
        ]
    )


def functional(rows, columns):
    """A Sequential model within a functional one, that ends with an activation of its own."""
    inner = keras.Sequential(
        [
            layers.Conv2D(4, (3, 2), strides=2, padding="same", input_shape=(rows, columns, 3)),
            layers.PReLU(shared_axes=[1, 2]),
            layers.MaxPooling2D(3, strides=2, padding="same"),
            layers.ReLU(6.0),
            layers.Conv2D(6, 3, dilation_rate=2, groups=2, activation="tanh", padding="same"),
        ]
    )
    start = keras.Input((rows, columns, 3))
    x = inner(layers.Rescaling(1 / 255, offset=-0.5)(start), training=False)
    x = layers.Flatten()(x)
    x = layers.Dense(7)(layers.Dropout(0.3)(x))
    return keras.Model(start, layers.Activation("softmax")(x))


def head(end):
    """The head of the ALS notebook."""
    for units in (1024, 512, 256, 128):
        yield layers.Dense(units, kernel_regularizer=keras.regularizers.l2(0.01))
        yield layers.PReLU()
        yield layers.Dropout(0.5)
    yield layers.Dense(7, activation=end)


def transfer(rows, columns, backbone, how):
    """One of the ALS notebook's four networks."""
    make = getattr(keras.applications, backbone)
    base = make(weights=None, include_top=False, input_shape=(rows, columns, 3))
    if how == "nested":
        base.trainable = False
        return keras.Sequential([base, layers.GlobalAveragePooling2D(), *head("sigmoid")])
    start = base.input if how == "flat" else keras.Input((rows, columns, 3))
    x = base.output if how == "flat" else base(start, training=False)
    x = layers.GlobalAveragePooling2D()(x)
    for layer in head("softmax"):
        x = layer(x)
    return keras.Model(start, x)


def shake(model):
    """Weights as after a training: no ones and zeros, so that each of them counts."""
    random = np.random.default_rng(0)
    values = []
    for variable, value in zip(model.weights, model.get_weights(), strict=True):
        if any(part in variable.name for part in ("gamma", "variance")):
            value = random.uniform(0.6, 1.4, value.shape)
        elif any(part in variable.name for part in ("beta", "mean", "bias")):
            value = random.normal(0, 0.1, value.shape)
        elif "alpha" in variable.name:
            value = random.uniform(0, 0.5, value.shape)
        values.append(value)
    model.set_weights(values)


def main(name, pictures, out):
    """Make, save, answer."""
    keras.utils.set_random_seed(0)
    grey = np.load(pictures).astype(np.float32)
    if name in ("sequential", "functional"):
        model = {"sequential": sequential, "functional": functional}[name](*grey.shape[1:])
    else:
        model = transfer(*grey.shape[1:], *name.split("-"))
    shake(model)
    model.compile("adam", "categorical_crossentropy", jit_compile=False)
    model.save(out + ".h5")
    colours = np.repeat(grey[..., None], 3, axis=-1)
    np.save(out + ".npy", model.predict(colours, batch_size=2, verbose=0))


if __name__ == "__main__":
    main(*sys.argv[1:])
