"""Rebuilds the network of a finished task from its file alone, with numpy, and runs the test split through it.

    python3 rebuild_network.py RUN/tasks/KEY.h5 DATA.h5 [PREDICTIONS.csv]

PREDICTIONS.csv, of `bitfront eval RUN --point KEY --predictions`: exit code 0 if every image has the same class. The
equations: results/SCHEMA.md.
"""
import re
import sys

import h5py
import numpy as np


def rebuild(path):
    """Layers by name in the order of execution, each with its quantised weights `w` and bias `b`, and its quantiser."""
    file = h5py.File(path)
    rule = lambda key: re.search(rf'\b{key} = "(\w+)"', file.attrs["config"].decode()).group(1)
    table = {name: column[:] for name, column in file["layers"].items() if column.ndim == 1}
    model = {name: t[:].astype(np.float64) for name, t in file["model"].items()}
    layers = {}
    for i, name in enumerate(n.decode() for n in table["layer"]):
        values = {k: v[i] for k, v in table.items() if k != "precision"}
        l = layers[name] = {k: v.decode() if isinstance(v, bytes) else int(v) for k, v in values.items()}
        l["inputs"] = l["inputs"].split()
        if l["output_bits"]:  # clip of the precision in use
            clip = file["model"][l["quantizer"] + ".clip"]
            candidates = [int(b) for b in clip.attrs["precisions"].split()]
            l["clip"] = float(clip[candidates.index(l["output_bits"])])
            l["low"] = model.get(l["quantizer"] + ".clip_low", [0.0])[0] if name == "image" else 0.0
            nearest = {"nearest": 0.5, "even": None}  # None: rint
            l["snap"] = nearest.get(rule("rounding"), 2.0 ** -10 if l["kind"] == "add" else 0.0)
            l["open"] = name != "image" and rule("levels") == "open"
        if name not in file["allocation"]:
            continue
        bits, step = (file["allocation"][name][k][:] for k in ("bits", "step"))
        w, gain, bias = file["model"][name + ".weight"][:], np.float32(1), None
        if name + ".bn_gamma" in model:  # kept batch-norm is folded without touching a code
            parts = ("gamma", "beta", "mean", "variance")
            gamma, beta, mean, variance = (file["model"][f"{name}.bn_{k}"][:] for k in parts)
            gain = gamma / np.sqrt(variance + np.float32(1e-5))
            bias = beta - mean * gain
        else:
            bias = file["model"][name + ".bias"][:]
        largest = np.abs(w).reshape(-1, len(bits)).max(0)
        largest[largest == 0] = 0.5
        rules = np.array([rule(f"weight_step_{2 if b <= 2 else 4 if b <= 4 else 8}") for b in bits])
        half = np.exp2(bits.astype(np.float32) - 1)
        by_step = w / np.where(step > 0, step, np.float32(1))
        scaled = np.where(rules == "minmax", w / largest * (half - np.float32(0.5)), by_step)
        codes = np.clip(np.rint(scaled), np.where(rules == "deviation", 1 - half, -half), half - 1)
        odd = 2 * np.clip(np.rint(w / (2 * largest) * (2 * half) - np.float32(0.5)), -half, half - 1) + 1
        codes = np.where(rules == "midrise", odd * (np.abs(w).reshape(-1, len(bits)).max(0) > 0), codes) * (bits > 0)
        codes = np.where(bits == 1, np.where(w < 0, -1, 1), codes)
        l["codes"], l["step"] = codes.astype(np.int16 if "midrise" in rules else np.int8), step * gain
        source = layers[l["inputs"][0]]
        while not source["output_bits"]:
            source = layers[source["inputs"][0]]  # pooling passes the grid on
        levels = 2 ** source["output_bits"] - (not source["open"])
        grid = np.float32((source["clip"] - source["low"]) / levels) * l["step"]
        l["w"] = codes * l["step"].astype(np.float64)
        bias_codes = np.rint(bias / np.where(grid == 0, 1, grid))
        l["b"] = np.where(np.abs(grid) > 1e-8, grid * bias_codes, 0).astype(np.float64)
    return layers


def quantize(x, l):
    if not l["output_bits"]:
        return np.maximum(x, 0) if l["relu"] else x
    if l["output_signed"]:
        step = 2 * l["clip"] / (256 if l["open"] else 255)
        return np.clip(np.floor(x / step + 0.5), -128, 127) * step
    step = (l["clip"] - l["low"]) / (2 ** l["output_bits"] - (not l["open"]))
    top = 2 ** l["output_bits"] - 1 + (np.floor(l["low"] / step) if l["low"] < 0 else 0)
    place = np.maximum(x, l["low"]) / step
    return np.minimum(np.rint(place) if l["snap"] is None else np.floor(place + l["snap"]), top) * step


def run(layers, images):
    out = {}
    for name, l in layers.items():
        x = [out[i] for i in l["inputs"]]
        if l["kind"] in ("conv", "depthwise", "average_pool", "max_pool", "global_pool"):
            p, q = l["padding_height"], l["padding_width"]
            padded = np.pad(x[0], ((0, 0), (p, p), (q, q), (0, 0)))
            v = np.lib.stride_tricks.sliding_window_view(padded, (l["kernel_height"], l["kernel_width"]), (1, 2))
            v = v[:, :: l["stride_height"], :: l["stride_width"]]  # image, row, column, channel, kernel row and column
        if l["kind"] == "image":
            y = images
        elif l["kind"] == "conv":
            y = np.tensordot(v, l["w"], ((4, 5, 3), (0, 1, 2))) + l["b"]
        elif l["kind"] == "depthwise":
            y = np.einsum("nyxcij,ijc->nyxc", v, l["w"]) + l["b"]
        elif l["kind"] == "linear":
            y = x[0].reshape(len(images), -1) @ l["w"] + l["b"]
        elif l["kind"] == "add":
            y = x[0] + x[1]
        elif l["kind"] == "max_pool":
            y = v.max((4, 5))
        elif l["kind"] in ("average_pool", "global_pool"):
            y = v.mean((4, 5))
        else:  # flatten, dropout
            y = x[0]
        out[name] = quantize(y, l)
    return out[name]


def main(path, data_path, predictions=None):
    layers = rebuild(path)
    with h5py.File(data_path) as data:
        test = data["split"][:] == 2
        images = data["samples"][:][test] * data["samples"].attrs["scale"]
        labels = data["labels"][:][test]
    classes = run(layers, images).argmax(1)
    told = h5py.File(path)["record"].attrs["test_accuracy"]
    print(f"test accuracy {np.mean(classes == labels):.4f}, in the file {told:.4f}")
    if predictions is None:
        return 0
    theirs = np.loadtxt(predictions, delimiter=",", skiprows=1, usecols=2)
    print(f"{int((classes == theirs).sum())} of {len(classes)} images have the same class")
    return int((classes != theirs).any())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
