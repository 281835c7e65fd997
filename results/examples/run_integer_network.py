"""Reads DIR/network.npz of `bitfront export --format npz`, runs it with numpy's integers, and compares the logits.

    python3 results/examples/run_integer_network.py DIR/network.npz

Exit code 0: all logits are those that bitfront gave. What is in the file: core/deploy/export_arrays.h.
"""
import json
import sys

import numpy as np


def load(path):
    """The graph as a dictionary, and the arrays of each layer by name: layers["b1.c1"]["codes"]."""
    file = np.load(path)
    graph, layers = json.loads(bytes(file["graph"])), {}
    for key in file.files:
        if "/" in key:
            layer, name = key.split("/")
            layers.setdefault(layer, {})[name] = file[key]
    return graph, layers


def unpack(packed, blocks, rows):
    """Codes of all blocks of packed weights: (channels, rows)."""
    codes, at = [], 0
    for b in blocks:
        bits, count, fields = b["bits"], b["count"] * rows, np.zeros(b["count"] * rows, np.int64)
        size, half = (count * bits + 7) // 8, 1 << bits >> 1
        if bits:
            shifted = [packed[at:at + size].astype(np.int64) >> s for s in range(0, 8, bits)]
            fields = np.stack(shifted, 1).ravel()[:count]
            fields = ((fields & (2 * half - 1)) ^ half) - half
        codes.append(fields.reshape(b["count"], rows))
        at += size
    return np.concatenate(codes)


def rescale(x, s):
    return np.clip((x + s["offset"]) >> s["shift"], s["low"], s["high"])


def windows(x, layer, fill):
    """(images, y, x, kernel rows, kernel columns, channels)"""
    (kh, kw), (sh, sw), (ph, pw) = layer["kernel"], layer["stride"], layer["padding"]
    x = np.pad(x, ((0, 0), (ph, ph), (pw, pw), (0, 0)), constant_values=fill)
    v = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), (1, 2))[:, ::sh, ::sw]
    return np.moveaxis(v, 3, -1)


def convolve(x, layer, own):
    """Sums, then codes."""
    if layer["layer"] == "linear":
        x = x.reshape(len(x), 1, 1, -1)
    if "packed" not in own:
        n, h, w = windows(x, layer, 0).shape[:3]
        total = np.broadcast_to(own["bias"].astype(np.int64), (n, h, w, own["bias"].size))
    else:
        codes = unpack(own["packed"], layer["blocks"], own["codes"][0].size).reshape(own["codes"].shape)
        assert (codes == own["codes"]).all(), layer["name"]
        v = windows(x, layer, layer["zero"])
        letters = "nyxijc,cij->nyxc" if layer["depthwise"] else "nyxijc,oijc->nyxo"
        total = np.einsum(letters, v, codes) + own["bias"]
    assert np.abs(total).max() <= layer["largest_sum"] < 2 ** 31, layer["name"]
    return total if layer["scaling"] is None else rescale(total * own["multiplier"].astype(np.int64), layer["scaling"])


def run(graph, layers, images):
    tensors = {}
    for layer in graph["layers"]:
        own, inputs = layers.get(layer["name"], {}), [tensors[t] for t in layer["inputs"]]
        if layer["kind"] == "input":
            out = own["table"].astype(np.int64)[images]
            out = out[..., own["order"]] if "order" in own else out
        elif layer["kind"] == "conv":
            out = convolve(inputs[0], layer, own)
        elif layer["kind"] == "add":
            (a, b), (za, zb), (fa, fb) = inputs, layer["zero"], layer["factor"]
            out = rescale((a - za) * fa + (b - zb) * fb, layer["scaling"])
        elif layer["kind"] == "pool":
            v = windows(inputs[0], layer, 0)
            out = v.max((3, 4)) if layer["largest"] else v.sum((3, 4))
        else:
            flat = inputs[0].reshape(len(images), -1)
            times = np.resize(own["multiplier"].astype(np.int64), flat.shape[1])
            out = np.empty_like(flat)
            out[:, own["order"]] = (flat * times + layer["offset"]) >> layer["shift"]
        tensors[layer["output"]] = out
        if layer["output"] >= 0:
            t = graph["tensors"][layer["output"]]
            assert t["low"] <= out.min() and out.max() <= t["high"], layer["name"]
    return out


if __name__ == "__main__":
    graph, layers = load(sys.argv[1])
    logits = run(graph, layers, layers["@test"]["images"])
    same = int((logits == layers["@test"]["logits"]).all(1).sum())
    print(f"{graph['network']}, {graph['point']}: {same} of {len(logits)} images have the logits of bitfront")
    sys.exit(same != len(logits))
