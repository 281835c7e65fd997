# bitfront-run: the right mpirun for a machine or a Slurm job, bitfront's exit codes, signals, and a start again after a
# death. Each disturbed sweep must give the results of an undisturbed one.
. tests/support/e2e.sh
small_sweep "$work/small.cfg"
launcher=$(dirname "$program")/bitfront-run
longer="--set warmup.epochs=30 --set search.epochs=20 --set finetune.epochs=20"

launch() { # launch ARGUMENTS...: like run
    "$launcher" "$@" > "$work/out" 2>&1
    code=$?
}
wait_for() { # wait_for COMMAND...: up to 30 s
    for _ in $(seq 600); do
        "$@" > /dev/null 2>&1 && return 0
        sleep 0.05
    done
    return 1
}

launch --help
expect 0 "Usage: bitfront-run" "--help"
SLURM_JOB_ID=1 SLURM_TASKS_PER_NODE="4(x2),3" launch --dry-run sweep "$work/small.cfg"
expect 0 "mpirun -n 12 --enable-recovery --oversubscribe --bind-to none" "a Slurm job of eleven tasks"
SLURM_JOB_ID=1 SLURM_TASKS_PER_NODE=2 SLURM_CPUS_PER_TASK=3 launch --dry-run sweep "$work/small.cfg"
expect 0 "mpirun -n 7 " "a Slurm job of two tasks with three cores each"
launch -n 3 --mpirun "--mca btl tcp,self" --dry-run sweep "$work/small.cfg"
expect 0 "--mca btl tcp\\,self " "more words for mpirun"
launch
check "no command: exit code 2" test $code = 2
launch -n zero sweep "$work/small.cfg"
check "a wrong number of ranks: exit code 2" test $code = 2
check "a wrong number of ranks is named" grep -q '"zero"; see bitfront-run --help' "$work/out"
launch sweep "$work/nowhere.cfg"
expect 2 "nowhere.cfg does not exist" "a missing configuration"
launch plan "$work/small.cfg"
expect 0 "network small" "another command"

launch -n 3 sweep "$work/small.cfg" --out "$work/whole" $longer
expect 0 "8 tasks done, 0 failed" "a sweep"
launch -n 3 sweep "$work/small.cfg" --out "$work/whole" $longer --set batch=nonsense
expect 2 "batch" "a configuration that is wrong"
check "nothing of the launcher stays" test -z "$(ls "$work/whole" | grep launch)"

# start DIRECTORY: a sweep in the background; the launcher in $job.
start() {
    # A shell ignores INT in what it starts in the background.
    env --default-signal=INT "$launcher" -n 3 sweep "$work/small.cfg" --out "$1" $longer > "$work/out" 2>&1 &
    job=$!
    check "a task starts" wait_for grep -q " started on " "$work/out"
    check "a checkpoint appears" wait_for eval "ls '$1'/checkpoints/*.h5"
}
for signal in USR1 TERM INT; do
    start "$work/stopped"
    kill -$signal $job
    wait $job
    code=$?
    expect 75 "run the same command again" "$signal"
done
launch sweep "$work/small.cfg" --out "$work/stopped" $longer
expect 0 "8 tasks done, 0 failed" "start after three signals"
check "results after three signals equal the undisturbed ones" same_results "$work/whole" "$work/stopped"

start "$work/killed"
kill -9 "$(pgrep -P $job -x mpirun)"
wait $job
code=$?
check "mpirun killed: exit code 0" test $code = 0
check "mpirun killed: says that it starts again" grep -q "the sweep died .*; starting it again (1 of 100)" "$work/out"
check "results after the death of mpirun equal the undisturbed ones" same_results "$work/whole" "$work/killed"
finish
