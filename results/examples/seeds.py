"""Mean and spread over the seeds of everything a run was asked for, and the front of the means.

    python3 seeds.py RUN/results.h5 [COST [PICTURE.png]]        COST: a cost column, default size_bits
"""
import sys

import h5py
import pandas


def points_of(path):
    """The finished points of a results file as a table."""
    with h5py.File(path) as f:
        columns = {name: (c.asstr()[:] if c.dtype.kind in "OS" else c[:]) for name, c in f["points"].items()}
    table = pandas.DataFrame(columns)
    return table[(table.role == "point") & (table.state == "done")]


def means_of(path, cost="size_bits"):
    """A row for each question, by rising cost, with the front of the means."""
    question = ["strategy", "network", "cost_model", "strength", "target", "bits"]
    groups = points_of(path).groupby(question)
    means = groups.agg(
        seeds=("seed", "nunique"),
        cost=(cost, "mean"),
        validation=("validation_accuracy", "mean"),
        test=("test_accuracy", "mean"),
        spread=("test_accuracy", "std"),
    ).reset_index()
    means = means.sort_values(["cost", "validation"], ascending=[True, False])
    # on the front: more accurate on the validation split than everything cheaper
    before = means.validation.cummax().shift(fill_value=-1)
    means["front"] = means.validation > before
    return means


def main(path, cost="size_bits", picture=None):
    means = means_of(path, cost)
    print(means.to_string(index=False))
    if picture:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot

        for strategy, rows in means.groupby("strategy"):
            pyplot.errorbar(rows.cost, 100 * rows.test, 100 * rows.spread.fillna(0), fmt="o", capsize=3, label=strategy)
        front = means[means.front]
        pyplot.step(front.cost, 100 * front.test, where="post", color="grey", label="front")
        pyplot.xscale("log")
        pyplot.xlabel(cost)
        pyplot.ylabel("test accuracy [%], mean and standard deviation over seeds")
        pyplot.legend()
        pyplot.savefig(picture, bbox_inches="tight")


if __name__ == "__main__":
    main(*sys.argv[1:])
