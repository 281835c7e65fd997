# One directory, several jobs: an array of four parts at once, two jobs without parts, four own directories that are
# merged: all give the results of one run, byte for byte, and every task is done once.
. tests/support/e2e.sh
small_sweep "$work/small.cfg"
run 3 sweep "$work/small.cfg" --out "$work/whole"
expect 0 "8 tasks done, 0 failed" "one job"

# beside NUMBER ENVIRONMENT... -- ARGUMENTS...: a job in the background, output in $work/outNUMBER.
jobs=""
beside() {
    local number=$1 environment=()
    shift
    while [ "$1" != -- ]; do
        environment+=("$1")
        shift
    done
    shift
    env "${environment[@]}" "$program" sweep "$work/small.cfg" "$@" > "$work/out$number" 2>&1 &
    jobs="$jobs $!"
}
collect() { # collect: waits for them; the highest exit code is in $code, all output in $work/out
    local job
    code=0
    for job in $jobs; do
        wait "$job"
        local this=$?
        [ $this -le $code ] || code=$this
    done
    jobs=""
    cat "$work"/out[0-9]* > "$work/out"
    rm -f "$work"/out[0-9]*
}
# each_once DIRECTORY: the logs of all jobs tell of the end of every task once.
each_once() {
    test "$(cat "$1"/log*.jsonl | grep '"task_done"' | sed 's/.*"task":\([0-9]*\).*/\1/' | sort | tr '\n' ' ')" = \
        "1 2 3 4 5 6 7 8 "
}

# By hand.
for part in 1 2 3 4; do beside $part -- --out "$work/parts" --part $part/4; done
collect
expect 0 "part 4 of 4 is finished" "four parts at once"
check "four parts together equal one job" same_results "$work/whole" "$work/parts"
check "every task was done once" each_once "$work/parts"
check "nothing is claimed any more" test -z "$(ls "$work/parts/claims")"
check "nothing temporary is left" test -z "$(find "$work/parts" -name '*.tmp*')"
alone status "$work/parts"
expect 0 "8 of 8 done, 0 failed, 0 running, 0 waiting" "status after four parts"
check "the status says done" grep -q "^state    done" "$work/out"

# As a Slurm array with a step.
for id in 3 5; do
    beside $id SLURM_ARRAY_JOB_ID=77 SLURM_ARRAY_TASK_ID=$id SLURM_ARRAY_TASK_MIN=3 \
        SLURM_ARRAY_TASK_MAX=5 SLURM_ARRAY_TASK_COUNT=2 -- --out "$work/array" --part auto
done
collect
expect 0 "part 2 of 2 is finished" "an array of two"
check "an array of two equals one job" same_results "$work/whole" "$work/array"
SLURM_ARRAY_TASK_ID=2 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=7 SLURM_ARRAY_TASK_COUNT=3 \
    alone sweep "$work/small.cfg" --out "$work/holes" --part auto
expect 2 "no regular step" "an array with holes"
for wrong in 0/4 5/4 2 2/ x/y 1/4x; do
    alone sweep "$work/small.cfg" --out "$work/holes" --part $wrong
    expect 2 "--part wants I/N" "--part $wrong"
done

# Without parts: whoever is free takes the next task.
mpirun -q --oversubscribe -n 3 "$program" sweep "$work/small.cfg" --out "$work/shared" > "$work/out1" 2>&1 &
jobs=$!
beside 2 -- --out "$work/shared"
collect
expect 0 "8 tasks done, 0 failed" "two jobs on one directory"
check "two jobs together equal one" same_results "$work/whole" "$work/shared"
check "every task was done once by one of the two" each_once "$work/shared"

# A job that is killed in the middle of a task leaves it to the other one.
longer="--set warmup.epochs=30 --set search.epochs=20 --set finetune.epochs=20"
run 3 sweep "$work/small.cfg" --out "$work/longer" $longer
"$program" sweep "$work/small.cfg" --out "$work/orphan" $longer > "$work/out1" 2>&1 &
victim=$!
for i in $(seq 600); do
    ls "$work"/orphan/checkpoints/*.h5 > /dev/null 2>&1 && break
    sleep 0.05
done
beside 2 -- --out "$work/orphan" $longer
sleep 1
kill -9 $victim
wait $victim 2> /dev/null
collect
expect 0 "8 tasks done, 0 failed" "a job beside one that is killed"
check "the results are those of one job" same_results "$work/longer" "$work/orphan"

# Stopped and continued while the others have fallen asleep: the stopped one was fenced off.
"$program" sweep "$work/small.cfg" --out "$work/fenced" --lease 2 $longer > "$work/out1" 2>&1 &
sleeper=$!
jobs=$sleeper
for i in $(seq 600); do
    ls "$work"/fenced/checkpoints/*.h5 > /dev/null 2>&1 && break
    sleep 0.05
done
# Only a job that is at work can lose something.
for i in $(seq 100); do
    kill -STOP $sleeper
    ls "$work"/fenced/claims/*[0-9a-f] > /dev/null 2>&1 && break
    kill -CONT $sleeper
    sleep 0.02
done
"$program" sweep "$work/small.cfg" --out "$work/fenced" --lease 2 $longer > "$work/out2" 2>&1 &
jobs="$jobs $!"
wait $! # it has done everything, so also what the sleeper had in hand
kill -CONT $sleeper
collect
expect 0 "was taken over by another job" "a job that was stopped for longer than its lease"
check "nothing was done twice with different results" bash -c "! grep -q 'finished twice' '$work/out'"
check "the results are those of one job" same_results "$work/longer" "$work/fenced"

# Own directories, merged in any order, and again.
for part in 1 2 3 4; do
    alone sweep "$work/small.cfg" --out "$work/own$part" --part $part/4
    expect 0 "part $part of 4 is finished" "part $part in its own directory"
done
alone merge "$work/merged" "$work/own3" "$work/own1" "$work/own4"
expect 0 "to do" "merge of three of four"
check "the rest is named" grep -q "bitfront sweep CONFIG --out $work/merged" "$work/out"
alone merge "$work/merged" "$work/own2" "$work/own1"
expect 0 "8 of 8 tasks done, 0 failed, 0 to do" "merge of the last one"
check "merged parts equal one job" same_results "$work/whole" "$work/merged"
before=$(cat "$work"/merged/tasks/*.h5 | cksum)
alone merge "$work/merged" "$work/own1" "$work/own2" "$work/own3" "$work/own4" "$work/merged"
expect 0 "; 0 results added" "merge again"
check "merging again changes no task" test "$before" = "$(cat "$work"/merged/tasks/*.h5 | cksum)"
alone sweep "$work/small.cfg" --out "$work/merged"
expect 0 "8 of 8 tasks were finished by an earlier run" "sweep of a merged run"

alone sweep "$work/small.cfg" --out "$work/other" --set "warmup.learning_rate=3e-3"
alone merge "$work/mixed" "$work/own1" "$work/other"
expect 0 "8 results of other plans lie there" "merge of different configurations: a union"
finish
