#!/bin/bash
# What `bitfront status` says while a sweep runs, after its death, after a failure, while a job waits in a queue; how
# fast it is; what a terminal shows of a sweep.
. "$(dirname "$0")/../support/e2e.sh"
launcher=$(dirname "$program")/bitfront-run
[ -x "$launcher" ] || { echo "skipped: this build has no bitfront-run"; exit 77; }
small_sweep "$work/small.cfg"
cd "$work" || exit 1
long=(--set warmup.epochs=3 --set finetune.epochs=300)

field() { # field NAME: of the last line
    "$python" -c 'import json, sys; print(json.loads(sys.stdin.read().splitlines()[-1])[sys.argv[1]])' "$1" \
        < "$work/out"
}
python=/usr/bin/python3 # that of the packages
"$python" -c 'import h5py, numpy' 2> /dev/null || python=""

"$launcher" -n 3 sweep small.cfg "${long[@]}" > "$work/first" 2>&1 &
sweep=$!
for ((i = 0; i < 300; i++)); do
    alone status results/runs/small
    grep -q 'left, until' "$work/out" && grep -q '^groups .*task' "$work/out" && break
    sleep 0.1
done
expect 0 "state    running, last update" "a running sweep"
check "says how much is left" grep -qE '^progress \[#*\.*\] [0-9]+ %, about .* left, until [0-9:]+ UTC$' "$work/out"
check "costs of its groups are in kB" bash -c "! grep -q '[0-9] bits' '$work/out'"
check "no colours in a pipe" bash -c "! grep -q $'\033' '$work/out'"
check "no command while it runs" bash -c "! grep -q '^To continue' '$work/out'"
alone status results/runs/small --json
expect 0 '"state":"running"' "the same as JSON"
[ -z "$python" ] || check "its JSON says that it lives" test "$(field alive)" = True
for ((i = 0; i < 300; i++)); do
    finished results/runs/small 3 && break
    sleep 0.1
done

# Killed without a word: known at once on this machine, by pid and start.
ranks=$(pgrep -f "^$program sweep small.cfg")
kill -KILL "$sweep"
for rank in $ranks; do kill -KILL "$rank" 2> /dev/null || true; done
wait "$sweep" 2> /dev/null
alone status results/runs/small
expect 0 "state    interrupted" "a sweep whose processes were killed"
again=$(sed -n 's/^To continue: //p' "$work/out")
check "the command that continues it is told" \
    grep -q "bitfront-run -n 3 sweep small.cfg --set warmup.epochs=3" <<< "$again"

# That command, in the queue of a Slurm that is made of two scripts.
mkdir bin
printf '#!/bin/bash\nexit 0\n' > bin/scontrol
printf '#!/bin/bash\n%s\necho "PENDING (Resources)"\n' \
    "[ -f '$work/gone' ] && { echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1; }" \
    > bin/squeue
# there is no Slurm behind that number
printf '#!/bin/bash\nunset SLURM_JOB_ID\nexec "%s" "$@"\n' "$(command -v mpirun)" > bin/mpirun
chmod +x bin/scontrol bin/squeue bin/mpirun
SLURM_JOB_ID=4711 PATH=$work/bin:$PATH "$launcher" -n 3 --requeue sweep small.cfg "${long[@]}" > "$work/second" 2>&1 &
sweep=$!
for ((i = 0; i < 300; i++)); do
    grep -q ' started on ' "$work/second" && break # at work: its launcher knows the signal by now
    sleep 0.1
done
kill -USR1 "$sweep"
wait "$sweep"
check "a job that is put back ends with 75" test $? = 75
check "the launcher adds no noise of PMIx" bash -c "! grep -qi pmix '$work/second'"
PATH=$work/bin:$PATH alone status results/runs/small
expect 0 "Slurm job 4711 is in the queue again and continues by itself: PENDING (Resources)" "a job in the queue"
check "nobody is asked to submit again" grep -q "Nothing has to be submitted again" "$work/out"
check "no second command" bash -c "! grep -q '^To continue' '$work/out'"
touch gone
PATH=$work/bin:$PATH alone status results/runs/small
expect 0 "Slurm job 4711 has left the queue" "a job that was cancelled in the queue"
check "then the command is told" grep -q '^To continue: cd ' "$work/out"
bash -c "$(sed -n 's/^To continue: //p' "$work/out")" > "$work/third" 2>&1
check "it works as it was told" test $? = 0
check "it was continued" grep -q "8 tasks done, 0 failed" "$work/third"

alone status results/runs/small
expect 0 "8 of 8 done" "a finished sweep"
check "says done" grep -q "^state    done" "$work/out"
volume=$(sed -n 's/^front .*hypervolume \([0-9.]*\) .*/\1/p' "$work/out")
alone front results/runs/small --metric validation_accuracy --each-seed
check "its hypervolume is that of the front ($volume)" grep -q "hypervolume *$volume" "$work/out"
timeout 60 "$program" status results/runs/small --watch > "$work/out" 2>&1; code=$?
expect 0 "8 of 8 done" "watching a finished sweep ends"

# The same sweep elsewhere says where the earlier run lies.
mkdir elsewhere && cd elsewhere || exit 1
code=0
"$program" sweep ../small.cfg --set seeds=[1] > "$work/out" 2>&1 || code=$?
expect 0 "note: an earlier run of this configuration lies in $work/results/runs/small" "the same command elsewhere"
check "the first line of a sweep names its directory" grep -q "^sweep small: .* into results/runs/small" "$work/out"
cd "$work" || exit 1

# Failures have ids and reasons, and a command.
run 2 sweep small.cfg --set 'warmup.optimizer="sgd"' --set warmup.learning_rate=1000 --set warmup.weight_decay=1 \
    --set seeds=[1] --out failed
alone status failed
expect 0 "failed   task 1 (" "a failed task"
check "with its reason" grep -q "^failed   task 1 .*: .*finite" "$work/out"
check "with the command that runs it again" \
    grep -q "^To run failed tasks again: cd .* mpirun -n 2 .* --retry-failed" "$work/out"

# The live view, in a terminal of its own.
if command -v script > /dev/null; then
    live() { # live RUN
        local words="sweep small.cfg --set finetune.epochs=40 --set seeds=[1] --out $1"
        TERM=xterm script -qec "$program $words" "$work/screen" > /dev/null
    }
    live live
    check "a terminal shows a bar" grep -qE '#+(.\[0m)?\.+ [0-9]+/[0-9]+ tasks done' "$work/screen"
    check "in colour" grep -q $'\033\[32m#' "$work/screen"
    check "the front grows on it" grep -qE 'front: [0-9.]+ k?B [0-9.]+ %' "$work/screen"
    check "costs are in kB" grep -qE 'cost [0-9.]+ k?B' "$work/screen"
    NO_COLOR=1 live plain
    check "NO_COLOR: without colour" bash -c "! grep -q $'\033\\[32m' '$work/screen'"
    check "NO_COLOR: still with a bar" grep -qE '#+\.+ [0-9]+/[0-9]+ tasks done' "$work/screen"
else
    echo "skipped: without script(1) there is no terminal to look at"
fi

# 100,000 points.
if [ -n "$python" ]; then
    "$python" - results/runs/small << 'END'
import json, shutil, sys, zlib
import h5py, numpy as np
run, rows = sys.argv[1], 100_000
shutil.copytree(run, "large", ignore=shutil.ignore_patterns("tasks"))
rng = np.random.default_rng(1)
with h5py.File(run + "/results.h5") as old, h5py.File("large/results.h5", "w") as new:
    group = new.create_group("points")
    for name, column in old["points"].items():
        group.create_dataset(name, data=np.resize(column[:], rows), dtype=column.dtype)
    group["id"][:] = np.arange(1, rows + 1)
    group["role"][:] = np.resize(old["points/role"][-1:], rows)
    group["size_bits"][:] = rng.uniform(1e4, 1e6, rows)
    group["validation_accuracy"][:] = rng.uniform(0, 1, rows)
body = open("large/results.h5", "rb").read()
with open("large/results.h5", "ab") as file:
    file.write(b"bitfront-crc32-\n%08x" % (zlib.crc32(body) & 0xffffffff))
status = json.load(open(run + "/status.json"))
status.update(done=rows, total=rows)
json.dump(status, open("large/status.json", "w"))
with open("large/log.jsonl", "w") as log:
    for i in range(1, rows + 1):
        log.write('{"time":"2026-01-01T00:00:00Z","event":"task_done","task":%d,"key":"%032x","label":"joint",'
                  '"seconds":1.0,"at":%d.0}\n' % (i, i, i))
END
    TIMEFORMAT='%U %S'
    used=$({ time "$program" status large > "$work/out" 2>&1; } 2>&1 | awk '{ printf "%d", 1000 * ($1 + $2) }')
    check "the status of 100,000 points counts them" grep -q "of 100000 points; hypervolume" "$work/out"
    check "takes less than 0.2 s of computing ($used ms)" test "$used" -lt 200
else
    echo "skipped: without h5py there are no 100,000 points"
fi
finish
