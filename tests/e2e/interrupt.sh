# P2: a sweep that is killed or stopped and started again gives the results of an undisturbed one.
. tests/support/e2e.sh
small_sweep "$work/small.cfg"
longer="--set warmup.epochs=30 --set search.epochs=20 --set finetune.epochs=20"
run 3 sweep "$work/small.cfg" --out "$work/whole" $longer
expect 0 "8 tasks done, 0 failed" "undisturbed sweep"

# start RANKS DIR: a sweep in the background; its process in $job.
start() {
    mpirun -q --oversubscribe -n "$1" "$program" sweep "$work/small.cfg" --out "$2" $longer > "$work/out" 2>&1 &
    job=$!
}
wait_for() { # wait_for COMMAND...: up to 30 s
    for i in $(seq 600); do
        "$@" > /dev/null 2>&1 && return 0
        sleep 0.05
    done
    return 1
}
some_checkpoint() { ls "$1"/checkpoints/*.h5; }
ranks_of() { pgrep -P "$1" -x bitfront; }

# kill -9 of mpirun and its ranks, in the warm-up and later, then again with other numbers of ranks.
start 3 "$work/killed"
check "a checkpoint appears" wait_for some_checkpoint "$work/killed"
kill -9 $(ranks_of $job) $job
wait $job 2> /dev/null
check "the warm-ups were interrupted" eval "! finished $work/killed 2"
start 2 "$work/killed"
check "later, a task is finished" wait_for finished "$work/killed" 3
kill -9 $(ranks_of $job) $job
wait $job 2> /dev/null
check "there was something left to do" eval "! finished $work/killed 8"
run 5 sweep "$work/small.cfg" --out "$work/killed" $longer
expect 0 "8 tasks done, 0 failed" "start after two kills"
check "results after two kills equal the undisturbed ones" same_results "$work/whole" "$work/killed"

# USR1 to mpirun, which passes it on: stopped with a checkpoint, exit code 75.
start 3 "$work/stopped"
later_checkpoint() { finished "$1" 4 && some_checkpoint "$1"; } # of the second pair of points, at its first segments
check "the second pair of points is at work" wait_for later_checkpoint "$work/stopped"
kill -USR1 $job
wait $job
code=$?
expect 75 "run the same command again" "USR1"
check "status says stopped" grep -q '"stopped"' "$work/stopped/status.json"
check "a checkpoint is left" some_checkpoint "$work/stopped"
run 3 sweep "$work/small.cfg" --out "$work/stopped" $longer
expect 0 "8 tasks done, 0 failed" "start after USR1"
check "results after USR1 equal the undisturbed ones" same_results "$work/whole" "$work/stopped"
check "no checkpoint is left" test -z "$(ls "$work/stopped/checkpoints")"

# TERM without mpirun.
"$program" sweep "$work/small.cfg" --out "$work/alone" $longer > "$work/out" 2>&1 &
job=$!
check "a checkpoint appears" wait_for some_checkpoint "$work/alone"
kill -TERM $job
wait $job
code=$?
expect 75 "run the same command again" "TERM without mpirun"
run 3 sweep "$work/small.cfg" --out "$work/alone" $longer
expect 0 "8 tasks done, 0 failed" "start after TERM"
check "results after TERM equal the undisturbed ones" same_results "$work/whole" "$work/alone"
finish
