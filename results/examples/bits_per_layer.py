"""How many channels of each layer have how many bits, of one task file (bitfront list RUN names them).

    python3 bits_per_layer.py RUN/tasks/KEY.h5
"""
import sys

import h5py
import numpy


def main(path):
    with h5py.File(path) as f:
        layers = sorted(f["allocation"].values(), key=lambda g: g.attrs["index"])
        for layer in layers:
            bits = layer["bits"][:]
            counts = ", ".join(f"{n} at {b} bit" for b, n in zip(*numpy.unique(bits, return_counts=True)))
            print(f"{layer.name.split('/')[-1]:<8} mean {bits.mean():.2f} bit: {counts}")


if __name__ == "__main__":
    main(sys.argv[1])
