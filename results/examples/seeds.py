"""Mean and spread over the seeds of everything a run was asked for, and the front of the means.

    python3 seeds.py RUN/results.h5 [COST]        COST: a cost column, default size_bits
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


def main(path, cost="size_bits"):
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
    print(means.to_string(index=False))


if __name__ == "__main__":
    main(*sys.argv[1:])
