"""The logits of the second round of probes, computed anew from what the first round's task files say.

usage: check_probes.py RUN, of one search: strategy sample, evaluate = "trained", objective "ratio2", strength 1."""
import sys
from pathlib import Path

import h5py
import numpy as np

BITS = [2, 4, 8]
LAYERS = ["input", "b1.c1", "b2.c1", "b2.c2", "b3.c1", "b3.c2"]  # one of each sharing group that is searched
RATE, FULL = 0.1, 0.5 * 156864

probes = {}
for path in Path(sys.argv[1], "tasks").glob("*.h5"):
    with h5py.File(path) as h:
        record = h["record"].attrs
        if record["kind"] != b"sample_probe":
            continue
        counts = [[int(np.sum(h[f"allocation/{layer}/bits"][:] == b)) for b in BITS] for layer in LAYERS]
        worth = record["validation_loss"] + (h["costs/size_bits"][()] / FULL) ** 2
        probes[int(record["step"])] = np.array(counts), worth, h["model/state"][:].reshape(len(LAYERS), len(BITS))

samples = len(probes) // 2
first = probes[1][2]
p = np.exp(first) / np.exp(first).sum(axis=1, keepdims=True)
worths = np.array([probes[m + 1][1] for m in range(samples)])
gradient = np.zeros_like(p)
for m in range(samples):
    counts = probes[m + 1][0]
    others = (worths.sum() - worths[m]) / (samples - 1)
    gradient += (worths[m] - others) * (counts - counts.sum(axis=1, keepdims=True) * p) / samples
error = np.abs(probes[samples + 1][2] - (first - RATE * gradient)).max()
moved = np.abs(RATE * gradient).max()
print(f"{samples} probes a round, logits moved by up to {moved:.3g}, largest difference {error:.1g}")
sys.exit(not (moved > 1e-4 and error < 1e-6))
