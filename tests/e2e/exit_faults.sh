# Every command at every kind of bad moment: a file that cannot be opened (EMFILE), memory that is not there (ENOMEM), a
# disk that cannot be read (EIO), TERM and INT in the middle of its work. The exit code is that of the table in
# `bitfront --help`; what is printed with code 0 is what is printed without the fault.
. tests/support/e2e.sh
[ -f "$calls" ] || { echo "skipped: $calls is not built"; exit 77; }
small_sweep "$work/small.cfg"
cd "$work" || exit 1
"$program" sweep small.cfg --out run -q > out 2>&1 || exit 1
# Its end lies years back: `status` says in days, not in seconds, how long ago that was, whenever it is asked.
sed -i 's/"time": "[^"]*"/"time": "2020-01-01T00:00:00Z"/' run/status.json
before=$(task_files run | sort | xargs sha256sum | sha256sum)
tried=0 tolerated=0

# Of each command: what makes its result new again.
commands=("plan small.cfg" "status run" "list run" "front run" "best run" "show run --point 3" "report run -o page.html"
    "check run" "check data.h5" "cost run --point 3" "cost small_network.cfg" "eval run --point 3"
    "prepare synthetic -o made.h5 --train 64 --validation 16 --test 16" "merge merged run run"
    "export run --point 3 --format c -o exported" "export run --point 3 --format npz -o exported"
    "verdict training run")
command -v gnuplot > /dev/null && commands+=("plot run -o plot.png")
fresh() { rm -rf merged exported made.h5* page.html* plot.*; }

count() { awk -v c="$1" '{ print $c }' counted; } # the calls of the last counted run
for command in "${commands[@]}"; do
    fresh
    LD_PRELOAD=$calls CALLS_COUNT=$work/counting "$program" $command > good 2> messages
    usual=$?
    tail -1 counting > counted
    rm -f counting
    if [ $usual != 0 ]; then
        failures=$((failures + 1))
        echo "NOT OK: $command ends with $usual: $(head -1 messages)"
        continue
    fi
    wrong=
    for kind in open:2:7 memory:3:7 read:5:7; do
        IFS=: read -r name column samples <<< "$kind"
        total=$(count $column)
        [ "$total" -gt 0 ] || continue
        for ((i = 0; i <= samples; i++)); do
            n=$((1 + i * (total - 1) / (samples - 1)))
            [ $i = $samples ] && n=1+ # nothing of it from the beginning
            fresh
            LD_PRELOAD=$calls CALLS_FAIL=$name:$n timeout 20 "$program" $command > out 2> messages
            code=$?
            tried=$((tried + 1))
            if [ $code = 0 ]; then # it could do without, or said what is missing; eval prints speeds
                tolerated=$((tolerated + 1))
                [ -s messages ] || cmp -s good out || [ "${command%% *}" = eval ] || grep -q "not drawn" out ||
                    wrong="$wrong $name:$n (other output)"
            elif [ $code != 3 ] || [ "$(grep -c '^bitfront: ' messages)" != 1 ]; then
                wrong="$wrong $name:$n (code $code: $(head -c 200 messages))"
            fi
        done
    done
    check "$command: code 3 and one message, or the same output:$wrong" test -z "$wrong"

    for signal in TERM INT; do
        fresh
        rm -f waiting
        # In the middle: most files are opened by then.
        LD_PRELOAD=$calls CALLS_FAIL=pause:$((1 + $(count 2) * 2 / 3)) CALLS_ONCE=$work/waiting "$program" $command \
            > out 2> messages &
        pid=$!
        for _ in $(seq 500); do [ -e waiting ] && break; sleep 0.01; done
        sleep 0.05
        started=$(date +%s%N)
        kill -$signal $pid
        wait $pid
        code=$?
        took=$((($(date +%s%N) - started) / 1000000))
        check "$signal ends $command: code 75, one message, ${took} ms" \
            test "$code" = 75 -a "$(grep -c '^bitfront: ' messages)" = 1 -a "$took" -lt 1000
    done
    check "$command leaves nothing half written when stopped" test ! -e made.h5 -a ! -e page.html
done
check "no task file was moved or changed" test "$before" = "$(task_files run | sort | xargs sha256sum | sha256sum)"
check "no result was called damaged" test -z "$(find . -name '*.damaged')"
echo "$tried failing calls, $tolerated of them tolerated"
finish
