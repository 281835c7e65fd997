"""Makes vectors of the same schema with another batch out of those there are, and wrong ones.

    other_batches.py FROM TO KIND

twice    the batch, and once more the same images in another order: everything that is a mean over images stays
first    the first images only, of what depends on one image at a time: no gradients, no batch statistics
logit    as twice, one logit is off by 3 % of the largest
gradient as twice, one gradient of a weight is off by 40 % of the largest
label    as twice, one label is another
double   as twice, a logit in double is off by 1e-5 of the largest
"""
import sys

import h5py
import numpy

FILES = ("resnet8_step.h5", "dscnn_step.h5")
IMAGES_OF_FIRST = 3

# Of the batch-norms in the vectors: what the mean of an image is over, and the momentum.
PIXELS = {"inputblock.bn": 1024, "convblock1.bn": 1024, "bn1": 1024, "convblock2.bn": 256, "bn2": 256,
          "convblock3.bn": 64, "bn3": 64}
PIXELS_OF_DSCNN = 125
MOMENTUM = {"resnet8": 0.1, "dscnn": 0.99}


def mean_loss(logits, labels, weights):
    logits = logits.astype(float)
    shifted = logits - logits.max(axis=1, keepdims=True)
    losses = numpy.log(numpy.exp(shifted).sum(axis=1)) - shifted[numpy.arange(len(labels)), labels]
    weight = numpy.ones(len(labels)) if weights is None else weights[labels].astype(float)
    return (weight * losses).sum() / weight.sum()


def put(file, name, values):
    attributes = dict(file[name].attrs)
    kind = file[name].dtype
    del file[name]
    file[name] = numpy.asarray(values).astype(kind)
    file[name].attrs.update(attributes)


def names_of(file, ending):
    found = []
    file.visit(lambda name: found.append(name) if name.split("/")[-1] == ending else None)
    return found


def repeat(file):
    count = len(file["y"])
    order = numpy.concatenate([numpy.arange(count), numpy.random.default_rng(5).permutation(count)])
    for name in ["x", "y"] + names_of(file, "logits") + names_of(file, "logits_eval"):
        put(file, name, file[name][()][order])
    # A running variance takes that of a sample, n / (n - 1) times the one of the batch.
    network = file.filename.split("/")[-1].split("_")[0]
    momentum = MOMENTUM[network]
    for name in file["warmup/running_after"]:
        if not name.endswith("running_var"):
            continue
        n = count * (PIXELS_OF_DSCNN if network == "dscnn" else PIXELS[name[: -len(".running_var")]])
        before = file["warmup/running_before/" + name][()].astype(float)
        sample = (file["warmup/running_after/" + name][()] - (1 - momentum) * before) / momentum
        sample *= (n - 1) / n * (2 * n) / (2 * n - 1)
        put(file, "warmup/running_after/" + name, (1 - momentum) * before + momentum * sample)


def cut(file):
    weights = file["class_weights"][()] if "class_weights" in file else None
    for name in ["x", "y"] + names_of(file, "logits") + names_of(file, "logits_eval"):
        put(file, name, file[name][()][:IMAGES_OF_FIRST])
    labels = file["y"][()]
    for name in names_of(file, "task_loss"):
        put(file, name, [mean_loss(file[name[: -len("task_loss")] + "logits"][()], labels, weights)])
    for name in names_of(file, "grad") + ["warmup", "search_a248/after_step"]:
        if name in file and "cost" not in name:
            del file[name]


def move(file, name, part):
    values = file[name][()]
    values.flat[values.size // 2] += part * numpy.abs(values).max()
    put(file, name, values)


def change(file, kind):
    if kind == "logit":
        move(file, "search_a8/logits", 0.03)
    elif kind == "gradient":
        move(file, "search_a248/grad/layers/" + sorted(file["search_a248/grad/layers"])[0] + "/weight", 0.4)
    elif kind == "double":
        move(file, "search_a248/f64/logits", 1e-5)
    elif kind == "label":
        labels = file["y"][()]
        labels[-1] = (labels[-1] + 1) % 10
        put(file, "y", labels)


def main():
    source, target, kind = sys.argv[1:]
    for name in FILES:
        with h5py.File(f"{source}/{name}", "r") as old, h5py.File(f"{target}/{name}", "w") as new:
            for key, value in old.attrs.items():
                new.attrs[key] = value
            for key in old:
                old.copy(key, new)
            (cut if kind == "first" else repeat)(new)
            change(new, kind)


main()
