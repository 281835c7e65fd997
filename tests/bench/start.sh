#!/bin/bash
# How long a finished sweep takes to start again: tests/bench/start.sh [BUILD [TASKS [FOLDER]]]
# Fills a run of so many tasks (about 10,000, in steps of 20) below FOLDER with results that nobody trained, by the
# program's own writer (fill_run.c), and starts it again: with results.index, without it, and with a wider network, too.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$(realpath "${1:-build}") tasks=${2:-10000} root=$PWD
work=$(mktemp -d "${3:-${TMPDIR:-/tmp}}/bitfront_start_XXXXXX")
trap 'rm -rf "$work"' EXIT
cp tests/e2e/small_network.cfg "$work/"
cd "$work"
"$build/bitfront" prepare synthetic -o data.h5 --seed 7 --train 256 --validation 64 --test 64 > /dev/null

config() { # config STRENGTHS: of twenty seeds
    cat << END
name = "start"; network = "small_network.cfg"; data = "data.h5"; batch = 256;
seeds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20];
warmup = { epochs = 1; }; search = { epochs = 1; }; finetune = { epochs = 1; };
sweep = (
END
    local rest=$1 separator=""
    for model in size mpic ne16 bitops; do # an entry takes up to 256 strengths
        [ "$rest" -gt 0 ] || break
        local count=$((rest < 250 ? rest : 250))
        echo "$separator{ strategy = \"joint\"; cost_model = \"$model\";" \
            "strengths = { from = 0.01; to = 90.0; count = $count; }; }"
        rest=$((rest - count)) separator=","
    done
    echo ");"
}

start() { # start "what" CONFIG
    local TIMEFORMAT="| $1 | %R | %U | %S |"
    time "$build/bitfront" sweep "$2" --out run -q > out || { cat out; exit 1; }
}

config $((tasks / 20 - 1)) > run.cfg
"$build/tests/fill_run" run.cfg run
sleep 2.5 # what is younger is not believed
echo '| start | s | user | system |'
echo '|---|---|---|---|'
start "finished, first" run.cfg
start "finished, again" run.cfg
rm run/results.index
start "finished, without index" run.cfg
start "finished, again" run.cfg

# A wider network: a warm-up and a point of each seed to train. How long until the first of them begins?
sed 's/^);/, { strategy = "joint"; cost_model = "size"; width = [2.0]; strengths = [1.0]; } );/' run.cfg > more.cfg
begin=$EPOCHREALTIME
"$build/bitfront" sweep more.cfg --out run -q > out 2>&1 &
until grep -q '"event":"task_started"' run/log.jsonl; do sleep 0.01; done
awk -v a="$begin" -v b="$EPOCHREALTIME" \
    'BEGIN { printf "| forty more tasks: the first of them begins after | %.3f | | |\n", b - a }'
kill -TERM $!
wait $! || true
