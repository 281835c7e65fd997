"""Two runs in one table and one picture: the front of each, chosen on validation, shown on test.

    python3 two_runs.py A/results.h5 B/results.h5 [PICTURE.png]
"""
import sys

import pandas

from seeds import means_of


def main(first, second, picture=None):
    runs = {name: means_of(name).query("front") for name in (first, second)}
    table = pandas.concat(runs, names=["run"]).reset_index("run")
    print(table[["run", "strategy", "strength", "target", "bits", "cost", "test"]].to_string(index=False))
    # the cheapest network of each that is as accurate as the other's least accurate one
    for name, other in ((first, second), (second, first)):
        least = runs[other].validation.min()
        enough = runs[name][runs[name].validation >= least]
        cost = f"{enough.cost.min():.0f} bits" if len(enough) else "nothing"
        print(f"{name} reaches {100 * least:.2f} % validation accuracy with {cost}")
    if picture:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot

        for name, front in runs.items():
            pyplot.step(front.cost / 8000, 100 * front.test, where="post", marker="o", label=name)
        pyplot.xscale("log")
        pyplot.xlabel("model size [kB]")
        pyplot.ylabel("test accuracy [%]")
        pyplot.legend()
        pyplot.savefig(picture, bbox_inches="tight")


if __name__ == "__main__":
    main(*sys.argv[1:])
