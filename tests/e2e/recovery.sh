# Under mpirun --enable-recovery a sweep survives killed and stopped workers, ends by itself when the coordinator is
# killed, and stops in time; the results are always those of an undisturbed run.
. tests/support/e2e.sh
small_sweep "$work/small.cfg"
longer="--set warmup.epochs=30 --set search.epochs=20 --set finetune.epochs=20"
run 4 sweep "$work/small.cfg" --out "$work/whole" $longer
expect 0 "8 tasks done, 0 failed" "undisturbed sweep"
check "plain mpirun: says how to survive dead ranks" grep -q "mpirun --enable-recovery" "$work/out"

# start RANKS DIR ARGUMENTS...: a sweep in the background; mpirun in $job.
start() {
    local ranks=$1 directory=$2
    shift 2
    mpirun -q --oversubscribe --enable-recovery -n "$ranks" "$program" sweep "$work/small.cfg" --out "$directory" \
        $longer --deadline 2 "$@" > "$work/out" 2>&1 &
    job=$!
}
wait_for() { # wait_for COMMAND...: up to 60 s
    for i in $(seq 1200); do
        "$@" > /dev/null 2>&1 && return 0
        sleep 0.05
    done
    return 1
}
pid_of() { # pid_of RANK: of the current job
    for pid in $(pgrep -P $job -x bitfront); do
        tr '\0' '\n' < "/proc/$pid/environ" | grep -qx "OMPI_COMM_WORLD_RANK=$1" && echo "$pid"
    done
}
exit_in_status() { grep -q "\"exit\": *$2\\b" "$1/status.json"; }
logged() { grep -q "$2" "$1/log.jsonl"; }
# checkpoint_of DIR ID...: of one of these tasks
keys=($("$program" plan "$work/small.cfg" $longer | awk '$1 == id + 1 && length($2) == 8 { print $2; id++ }'))
check "the plan says the keys of eight tasks" test ${#keys[@]} = 8
checkpoint_of() {
    local id
    for id in "${@:2}"; do compgen -G "$1/checkpoints/${keys[id - 1]}*.h5" > /dev/null && return 0; done
    return 1
}
point_checkpoint() { checkpoint_of "$1" 3 4 5 6 7 8; } # tasks 1 and 2 are the warm-ups
ended_well() { # ended_well DIR "what": the job has ended well, with the right results
    wait $job 2> /dev/null
    check "$2: the sweep ends with 0" exit_in_status "$1" 0
    check "$2: all tasks are done" grep -q "8 tasks done, 0 failed" "$work/out"
    check "$2: results equal the undisturbed ones" same_results "$work/whole" "$1"
    check "$2: no checkpoint is left" test -z "$(ls "$1/checkpoints")"
}

# Four workers: two for each warm-up. The leader of the first is killed, then the member of the second.
start 5 "$work/killed"
check "a checkpoint appears" wait_for checkpoint_of "$work/killed" 1
kill -9 "$(pid_of 1)"
check "a killed leader is noticed" wait_for logged "$work/killed" '"rank_lost","rank":1}'
check "a point is at work" wait_for point_checkpoint "$work/killed"
kill -9 "$(pid_of 4)"
ended_well "$work/killed" "two killed workers"
check "the first one's task was taken back" logged "$work/killed" '"task_abandoned","task":1,.*"rank":1}'
check "nothing is done twice" test "$(grep -c '"task_done"' "$work/killed/log.jsonl")" = 8

# A stopped rank is taken for dead; when it goes on, it is told, and works again.
start 3 "$work/stopped"
check "a checkpoint appears" wait_for checkpoint_of "$work/stopped" 1
stopped=$(pid_of 1)
kill -STOP "$stopped"
check "a stopped rank is noticed" wait_for logged "$work/stopped" '"rank_lost","rank":1}'
kill -CONT "$stopped"
check "and is used again" wait_for logged "$work/stopped" '"rank_back","rank":1}'
ended_well "$work/stopped" "a stopped worker"

# All workers dead: nobody is left, and that is said.
start 3 "$work/alone"
check "a checkpoint appears" wait_for checkpoint_of "$work/alone" 1
kill -9 "$(pid_of 1)" "$(pid_of 2)"
wait $job 2> /dev/null
check "no worker left: exit code 75 in status.json" exit_in_status "$work/alone" 75

# The coordinator dies: the workers end by themselves, the same command goes on.
start 3 "$work/alone"
check "a point is at work" wait_for point_checkpoint "$work/alone"
kill -9 "$(pid_of 0)"
wait $job 2> /dev/null
check "workers say why they end" grep -q "has heard nothing from the coordinator" "$work/out"
start 3 "$work/alone"
ended_well "$work/alone" "after the death of the coordinator"

# The stop file and the time limit.
start 3 "$work/asked"
check "a checkpoint appears" wait_for checkpoint_of "$work/asked" 1
touch "$work/asked/stop"
wait $job
check "stop file: exit code 75 in status.json" exit_in_status "$work/asked" 75
check "stop file: it is said" grep -q "found the file" "$work/out"
start 3 "$work/asked" --max-walltime 4
before=$(date +%s%N)
wait $job
took=$((($(date +%s%N) - before) / 1000000))
check "time limit: exit code 75 in status.json" exit_in_status "$work/asked" 75
check "time limit: it is said" grep -q "the time is nearly up" "$work/out"
check "in time: $took ms" test $took -lt 6000
start 3 "$work/asked"
ended_well "$work/asked" "after two stops"
run 2 sweep "$work/small.cfg" --out "$work/x" --max-walltime 1h
expect 2 "HH:MM:SS" "wrong time limit"
finish
