#!/bin/bash
# What reads results, with 100,000 synthetic points: tests/bench/points.sh [BUILD [FOLDER]]
# BUILD: where bitfront and tests/fill_points are (build-dev). FOLDER: with 8 GB of room, best in memory (/dev/shm).
# `quiet`, if set, is a command put in front of every measurement ("taskset -c 0").
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${1:-build-dev} work=$(mktemp -d "${2:-/dev/shm}/bitfront_points_XXXXXX")
trap 'rm -rf "$work"' EXIT
"$build/bitfront" prepare synthetic -o "$work/data.h5" --seed 7 --train 256 --validation 64 --test 64 > /dev/null
cp tests/e2e/small_network.cfg "$work/"

entry() { printf '{ strategy = "%s"; cost_model = "%s"; strengths = { from = 0.01; to = 100.0; count = %d; }; }' "$@"; }
{
    sed -n '/^sweep/q; /^seeds/d; p' tests/e2e/small.cfg
    echo "seeds = [$(seq -s ', ' 1 64)];"
    echo "sweep = ( $(entry joint size 256), $(entry joint mpic 256), $(entry joint ne16 256)," \
        "$(entry mixprec size 256),"
    echo "$(entry mixprec mpic 256), $(entry layerwise size 256), $(entry layerwise mpic 26) );"
} > "$work/many.cfg"
"$build/bitfront" sweep "$work/many.cfg" --out "$work/run" \
    --max-walltime 1 > /dev/null 2>&1 || true # makes the directory

measure() # NAME COMMAND...
{
    local name=$1
    shift
    /usr/bin/time -f "$name: %e s, %U + %S s of computing, %M kB of memory" ${quiet:-} "$@" 2>&1 > "$work/out" | tail -1
}

${quiet:-} "$build/tests/fill_points" "$work/run"
measure "status" "$build/bitfront" status "$work/run"
measure "front, hypervolume, table, picture" "$build/bitfront" front "$work/run/results.h5" -o "$work/front"
measure "report" "$build/bitfront" report "$work/run/results.h5" -o "$work/page.html"
echo "page: $(stat -c %s "$work/page.html") bytes; results.h5: $(stat -c %s "$work/run/results.h5") bytes"
