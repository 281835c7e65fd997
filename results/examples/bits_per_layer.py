"""How many channels of each layer have how many bits, of one task file (bitfront list RUN names them).

    python3 bits_per_layer.py RUN/tasks/KEY.h5 [PICTURE.png]
"""
import sys

import xarray


def main(path, picture=None):
    layers = xarray.open_dataset(path, group="layers", engine="h5netcdf")
    layers = layers.assign_coords(layer=layers.layer.astype(str))
    counts = layers.channels_at
    counts = counts.sel(layer=counts.sum("precision") > 0)
    mean = (counts * counts.precision).sum("precision") / counts.sum("precision")
    for layer in counts.layer.values:
        row = counts.sel(layer=layer)
        used = ", ".join(f"{int(n)} at {b} bit" for b, n in zip(row.precision.values, row.values) if n)
        print(f"{layer:<12} mean {float(mean.sel(layer=layer)):.2f} bit: {used}")
    if picture:
        import matplotlib

        matplotlib.use("Agg")
        table = counts.sel(precision=counts.sum("layer") > 0).to_pandas()
        axes = table.plot.bar(stacked=True, colormap="cividis", edgecolor="grey")
        axes.set_ylabel(counts.attrs["long_name"])
        axes.figure.savefig(picture, bbox_inches="tight")


if __name__ == "__main__":
    main(*sys.argv[1:])
