# Faults: whatever happens to a sweep, running it again gives the results of an undisturbed one, byte for byte, and
# results.h5 can be read at every moment.
#   bash tests/faults/run.sh BITFRONT COMPARE READER [short|long] [SEED] [PARTS]
# The seed fixes which faults are tried, in which order; random moments are those of a running program.
# PARTS: which of "kills writes calls stops damages"; all without it. The long suite takes hours on a busy machine.
. tests/support/e2e.sh
reader=$(realpath "$3")
size=${4:-short}
seed=${5:-4711}
launcher=$(dirname "$program")/bitfront-run
case $size in
short) kills=20 write_faults=8 damages=8 stops=2 call_faults=3 ;;
long) kills=200 write_faults=105 damages=1000 stops=12 call_faults=120 ;;
*) echo "short or long, not $size" >&2; exit 2 ;;
esac
parts=${6:-kills writes calls stops damages}
for part in $parts; do
    case $part in
    kills | writes | calls | stops | damages) ;;
    *) echo "kills, writes, calls, stops or damages, not $part" >&2; exit 2 ;;
    esac
done
has() { [[ " $parts " = *" $1 "* ]]; }
has kills || kills=0
has writes || write_faults=0
has calls || call_faults=0
has stops || stops=0
RANDOM=$seed
small_sweep "$work/small.cfg"
# One warm-up, which all ranks share, and six points.
sed -i -e 's/^seeds = .*/seeds = [1];/; s/strengths = .*; }/strengths = [0.5, 1.0, 2.0, 5.0]; }/' \
    -e 's/bits = \[4\]/bits = [4, 8]/' \
    "$work/small.cfg"
tasks=7
sweep=(sweep "$work/small.cfg" --out "$work/run" --deadline 1)
export BITFRONT_START_LIMIT=20
tried=0 killed=0 failed_writes=0 failed_calls=0 damaged=0 stopped=0 lost=0 doubled=0 different=0 wrong=0
relaunched=0 survived=0
echo "faults: $size, seed $seed, $parts"

pick() { # pick N: 0 ... N-1 in $picked
    picked=$((RANDOM % $1))
}

# Every process that works for this test carries its directory in its command line.
end_all() {
    pkill -9 -f -- "$work/small.cfg" 2> /dev/null
    [ -z "${watching:-}" ] || kill "$watching" 2> /dev/null
}
trap 'end_all; leave' EXIT

# start HOW: the sweep in the background, in $job; HOW is "launcher" (survives, starts again) or "mpirun" (ends with a
# dead rank) or "alone".
start() {
    case $1 in
    launcher) setsid timeout 100 "$launcher" -n 3 --stall 20 "${sweep[@]}" > "$work/out" 2>&1 & ;;
    mpirun) timeout -k 5 60 mpirun -q --oversubscribe -n 3 "$program" "${sweep[@]}" > "$work/out" 2>&1 & ;;
    alone) timeout -k 5 60 "$program" "${sweep[@]}" > "$work/out" 2>&1 & ;;
    esac
    job=$!
}
finish_job() {
    wait $job 2> /dev/null
    code=$?
}

complain() { # complain "what": the case as one can repeat it
    echo "WRONG: case $tried ($case_text): $1"
    sed 's/^/    | /' "$work/out" | tail -20
}

# The sweep to its end, and everything that must be true then.
run_to_end() {
    unset BITFRONT_FAIL BITFRONT_FAIL_ONCE LD_PRELOAD CALLS_FAIL CALLS_RANK CALLS_ONCE
    cp "$work/out" "$work/first_out"
    start launcher
    finish_job
    if [ $code != 0 ]; then
        complain "the start after it ended with code $code"
        sed 's/^/    first | /' "$work/first_out" | tail -20
        wrong=$((wrong + 1))
        return
    fi
    local ids
    ids=$("$reader" "$work/run/results.h5" --ids)
    local missing twice
    missing=$(comm -13 <(echo "$ids" | sort -u) <(seq $tasks | sort) | wc -l)
    twice=$(echo "$ids" | sort | uniq -d | wc -l)
    lost=$((lost + missing)) doubled=$((doubled + twice))
    [ "$missing$twice" = 00 ] || complain "$missing tasks lost, $twice doubled"
    if ! same_results "$work/whole" "$work/run" > "$work/check" 2>&1; then
        different=$((different + 1))
        complain "the results differ"
        cat "$work/check"
    fi
    local left
    # Temporary files of the dead are removed a lease later.
    left=$(cd "$work/run" && find checkpoints claims -type f ! -name '.*' ! -name '*.tmp*')
    if [ -n "$left" ]; then
        complain "something is left: $left"
        wrong=$((wrong + 1))
    fi
    if ! tail -c 1 "$work/run/log.jsonl" | cmp -s - <(echo); then
        complain "log.jsonl does not end with a line break"
        wrong=$((wrong + 1))
    fi
}

rank_pid() { # rank_pid RANK: the process of that rank in $pid, waiting up to 5 s for it
    for _ in $(seq 500); do
        for pid in $(pgrep -f -- "^$program sweep $work/small.cfg"); do
            { tr '\0' '\n' < "/proc/$pid/environ"; } 2> /dev/null | grep -qx "OMPI_COMM_WORLD_RANK=$1" && return 0
        done
        kill -0 $job 2> /dev/null || return 1
        sleep 0.01
    done
    return 1
}

random_moment() { # up to 1.5 s
    pick 1500
    sleep "$((picked / 1000)).$(printf %03d $((picked % 1000)))"
}

# ---- the undisturbed sweep, and which points it passes how often ----
run 3 "${sweep[@]}"
[ $code = 0 ] || { cat "$work/out"; exit 1; }
mv "$work/run" "$work/whole"
BITFRONT_FAIL_TRACE=$work/trace run 3 "${sweep[@]}"
rm -rf "$work/run"
sort "$work/trace" | uniq -c | awk '{ print $2, $3, $1 }' > "$work/passed" # POINT RANK TIMES
mapfile -t passed < "$work/passed"
for subject in task checkpoint snapshot status log claim other; do
    for step in write.before write.middle write.after rename.before rename.after; do
        [ $subject = log ] && [ "${step%.*}" = rename ] && continue
        check "$subject.$step is passed" grep -q "^$subject.$step " "$work/passed"
    done
done
# status.json is not synced: after a crash it may be old, and nothing depends on it.
for point in order.send.{before,after} report.send.{before,after} sum.send.{before,after} \
    {task,checkpoint,snapshot,other}.sync.{before,after}; do
    check "$point is passed" grep -q "^$point " "$work/passed"
done
echo "${#passed[@]} fail points of three ranks"

"$reader" "$work/run/results.h5" > "$work/readings" 2>&1 &
watching=$!

# Walks through all points in a random order, again and again.
order=()
next_point() { # $point $rank $times
    if [ ${#order[@]} = 0 ]; then
        mapfile -t order < <(printf '%s\n' "${passed[@]}" | shuf --random-source=<(yes "$seed$tried"))
    fi
    read -r point rank times <<< "${order[0]}"
    order=("${order[@]:1}")
}

# ---- (a) kills: every second one at a fail point, the others at random moments, of each role in turn ----
roles=(coordinator leader member)
for ((i = 0; killed < kills && i < 2 * kills; i++)); do # a run may end before its kill
    tried=$((tried + 1))
    rm -rf "$work/run" "$work/once"
    pick 4
    how=launcher
    [ $picked = 0 ] && how=mpirun
    if [ $((i % 2)) = 0 ]; then
        next_point
        pick "$times"
        # Found once: the leader of a group dies when the other member has done its part.
        [ $i = 0 ] && how=launcher point=task.write.before picked=1 rank=1
        export BITFRONT_FAIL="$point:$((picked + 1)):kill@$rank" BITFRONT_FAIL_ONCE=$work/once
        case_text="$how, BITFRONT_FAIL=$BITFRONT_FAIL"
        start $how
    else
        rank=$((i / 2 % 3))
        case_text="$how, kill -9 of the ${roles[$rank]} at a random moment"
        start $how
        if rank_pid $rank; then
            random_moment
            kill -9 "$pid" 2> /dev/null && : > "$work/once"
        fi
    fi
    finish_job
    [ -e "$work/once" ] && killed=$((killed + 1))
    if [ $how = launcher ] && [ -e "$work/once" ]; then
        grep -q "starting it again" "$work/out" && relaunched=$((relaunched + 1))
        [ $code = 0 ] && survived=$((survived + 1))
        if [ $code != 0 ]; then
            complain "the launcher gave up with code $code"
            wrong=$((wrong + 1))
        fi
    fi
    run_to_end
done
echo "kills: $killed, of these under bitfront-run: $survived finished without help, $relaunched started again"

# ---- (b) failing writes: code 3 and a message with the reason, or success if the program could go on ----
subjects=(task checkpoint snapshot status log claim other)
steps=(write.before write.middle write.after sync.before sync.after rename.before rename.after)
for ((i = 0; failed_writes < write_faults && i < 2 * write_faults; i++)); do
    tried=$((tried + 1))
    rm -rf "$work/run" "$work/once"
    point=${subjects[$((i % 7))]}.${steps[$((i / 7 % 7))]}
    mapfile -t places < <(grep "^$point " "$work/passed")
    [ ${#places[@]} -gt 0 ] || { point=task.write.middle; mapfile -t places < <(grep "^$point " "$work/passed"); }
    pick ${#places[@]}
    read -r point rank times <<< "${places[$picked]}"
    pick $(((times + 1) / 2)) # early ones: not every run passes a point as often
    action=enospc words="No space left on device"
    [ $((i % 2)) = 1 ] && action=eio words="Input/output error"
    export BITFRONT_FAIL="$point:$((picked + 1)):$action@$rank" BITFRONT_FAIL_ONCE=$work/once
    case_text="launcher, BITFRONT_FAIL=$BITFRONT_FAIL"
    start launcher
    finish_job
    if [ -e "$work/once" ]; then
        failed_writes=$((failed_writes + 1))
        if [ $code != 3 ] && [ $code != 0 ]; then
            complain "code $code after a failed write"
            wrong=$((wrong + 1))
        elif [ $code = 3 ] && ! grep -q "^bitfront: .*$words" "$work/out"; then
            complain "code 3 without \"$words\""
            wrong=$((wrong + 1))
        fi
    fi
    run_to_end
done
echo "failed writes: $failed_writes"

# ---- (c) no file can be opened, no memory is left, or a disk cannot be read, from the N-th call on or only there ----
# What is sound stays where it is: nothing is moved to NAME.damaged because a machine is sick.
rm -rf "$work/run"
LD_PRELOAD=$calls CALLS_COUNT=$work/calls run 3 "${sweep[@]}"
check "the calls of three ranks are counted" test "$(awk '$2 > 0 && $3 > 0 && $5 > 0' "$work/calls" | wc -l)" = 3
kinds=(open memory read)
words_of=("Too many open files" "memory" "Input/output error")
columns=(2 3 5)
for ((i = 0; failed_calls < call_faults && i < 2 * call_faults; i++)); do
    tried=$((tried + 1))
    rm -rf "$work/run" "$work/once"
    kind=$((i % 3)) rank=$((i / 3 % 3))
    pick "$(awk -v r=$rank -v c=${columns[$kind]} '$1 == r { print int($c * 0.9) + 1 }' "$work/calls")"
    n=$((picked + 1)) onwards=
    pick 3
    [ $picked = 0 ] && onwards=+
    export LD_PRELOAD=$calls CALLS_FAIL=${kinds[$kind]}:$n$onwards CALLS_RANK=$rank CALLS_ONCE=$work/once
    case_text="launcher, CALLS_FAIL=$CALLS_FAIL CALLS_RANK=$rank"
    start launcher
    finish_job
    unset LD_PRELOAD
    if [ -e "$work/once" ]; then
        failed_calls=$((failed_calls + 1))
        if [ $code != 3 ] && [ $code != 0 ]; then
            complain "code $code after a failed call"
            wrong=$((wrong + 1))
        elif [ $code = 3 ] && ! grep -q "^bitfront: .*${words_of[$kind]}" "$work/out"; then
            complain "code 3 without \"${words_of[$kind]}\""
            wrong=$((wrong + 1))
        fi
    fi
    run_to_end
    if compgen -G "$work/run/tasks/*.damaged" > /dev/null; then
        complain "a sound result was moved aside"
        wrong=$((wrong + 1))
    fi
done
echo "failed calls: $failed_calls"

# ---- (d) a rank that is stopped for longer than the deadline and goes on ----
stop_for_2_seconds() { # stop_for_2_seconds PID
    kill -STOP "$1" 2> /dev/null && stopped=$((stopped + 1))
    sleep 2
    kill -CONT "$1" 2> /dev/null
}
for ((i = 0; i < stops; i++)); do
    tried=$((tried + 1))
    rm -rf "$work/run" "$work/once"
    rank=$((i % 3))
    if [ $((i % 4)) = 0 ]; then
        # Found once: workers that leave because the coordinator is silent, and a coordinator that comes back.
        rank=0
        export BITFRONT_FAIL="order.send.after:$((8 + i)):stop@0" BITFRONT_FAIL_ONCE=$work/once
        case_text="launcher, BITFRONT_FAIL=$BITFRONT_FAIL for 2 s with a deadline of 1 s"
    else
        case_text="launcher, SIGSTOP of the ${roles[$rank]} for 2 s with a deadline of 1 s"
    fi
    start launcher
    if rank_pid $rank; then
        if [ $((i % 4)) = 0 ]; then
            for _ in $(seq 500); do [ -e "$work/once" ] && break; sleep 0.01; done
        else
            random_moment
        fi
        stop_for_2_seconds "$pid"
    fi
    finish_job
    run_to_end
done
echo "stopped and continued: $stopped"

kill "$watching"
wait "$watching" || { wrong=$((wrong + 1)); cat "$work/readings"; }
watching=""
echo "a reader throughout: $(tail -1 "$work/readings")"

# ---- (e) damaged files in a run that was stopped half-way ----
damage_files() {
    rm -rf "$work/run"
    start mpirun
    for _ in $(seq 500); do
        [ "$(ls "$work"/run/tasks/*.h5 2> /dev/null | wc -l)" -ge 3 ] && break
        sleep 0.01
    done
    pkill -USR2 -f -- "^$program sweep $work/small.cfg"
    finish_job
    cp -r "$work/run" "$work/half"
    ls "$work"/half/checkpoints/*.h5 > /dev/null 2>&1 || echo "note: no checkpoint was left to damage"
    mapfile -t files < <(cd "$work/half" && find . -type f | sort)
    step=1
    total=$((${#files[@]} * 4))
    [ $total -gt $damages ] && step=$((total / damages))
    for ((i = 0; i < total; i += step)); do
        tried=$((tried + 1))
        file=${files[$((i / 4))]} kind=$((i % 4))
        rm -rf "$work/run"
        cp -r "$work/half" "$work/run"
        target=$work/run/$file
        bytes=$(stat -c %s "$target")
        case $kind in
        0) what=truncated; truncate -s $((bytes / 2)) "$target" ;;
        1)
            what="with a flipped bit"
            pick $((bytes > 0 ? bytes : 1))
            byte=$(od -An -tu1 -j $picked -N 1 "$target" | tr -d ' ')
            printf "\\x$(printf %02x $((${byte:-0} ^ 1)))" | dd of="$target" bs=1 seek=$picked conv=notrunc 2> /dev/null
            ;;
        2) what=empty; : > "$target" ;;
        3) what=foreign; cp "$root/README.md" "$target" ;;
        esac
        cmp -s "$target" "$work/half/$file" && continue
        damaged=$((damaged + 1))
        case_text="$file $what"
        case $file in
        ./config.cfg | ./network.cfg | ./data.checksum)
            # What the results depend on: refused by name, nothing is changed.
            start launcher
            finish_job
            if [ $code = 2 ] && grep -q "^bitfront: .*$(basename "$file")" "$work/out"; then
                cp "$work/half/$file" "$target"
            elif [ $code != 0 ]; then
                complain "code $code instead of a refusal that names the file"
                wrong=$((wrong + 1))
                continue
            fi
            ;;
        esac
        : > "$work/out"
        run_to_end
    done
}
has damages && damage_files
echo "damaged files: $damaged"

echo "cases: $tried, seed $seed; kills: $killed, failed writes: $failed_writes, failed calls: $failed_calls," \
    "stopped: $stopped, damaged files: $damaged"
echo "lost: $lost, doubled: $doubled, different: $different, otherwise wrong: $wrong"
check "nothing lost, doubled, different or otherwise wrong" test "$lost$doubled$different$wrong" = 0000
check "nine of ten kills hit" test $((killed * 10)) -ge $((kills * 9))
check "nine of ten write faults hit" test $((failed_writes * 10)) -ge $((write_faults * 9))
check "nine of ten failing calls hit" test $((failed_calls * 10)) -ge $((call_faults * 9))
finish
