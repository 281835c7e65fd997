#!/usr/bin/env python3
"""paired.py TURNS 'COMMAND A' 'COMMAND B': computing time of B over that of A, in turns on a busy machine.

Each turn runs both commands until each has computed for 0.3 s, and takes the ratio of user and system time a run.
Prints the median of the ratios, the smallest and the largest, and the medians of both in milliseconds.
"""
import resource
import shlex
import statistics
import subprocess
import sys

LEAST_SECONDS = 0.3


def computing():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def seconds_a_run(command):
    begin, runs = computing(), 0
    while computing() - begin < LEAST_SECONDS:
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        runs += 1
    return (computing() - begin) / runs


def main():
    turns, commands = int(sys.argv[1]), [shlex.split(text) for text in sys.argv[2:4]]
    times = [[seconds_a_run(command) for command in commands] for _ in range(turns)]
    ratios = sorted(b / a for a, b in times)
    middle = [1e3 * statistics.median(column) for column in zip(*times)]
    print(f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}, {ratios[-1]:.2f}): "
          f"{middle[0]:.2f} ms and {middle[1]:.2f} ms")


if __name__ == "__main__":
    main()
