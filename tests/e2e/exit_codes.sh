# The table of `bitfront --help`: what the program ends with, for every command and every way out.
. tests/support/e2e.sh

small_sweep "$work/small.cfg"
cd "$work" || exit 1
sed -e 's/^search = {/& optimizer = "sgd"; weight_decay = 1.0;/' \
    -e 's/learning_rate = 1e-3/learning_rate = 1000.0/' small.cfg > failing.cfg
network=$root/configs/networks/digits8.cfg
echo 'name = ;' > bad.cfg
"$program" sweep small.cfg --out run -q > out 2>&1 || exit 1

# ends CODE "words of the message, or nothing" COMMAND...
ends() {
    local expected=$1 words=$2
    shift 2
    "$program" "$@" > out 2> messages
    code=$?
    check "$*: exit code $expected" test "$code" = "$expected"
    if [ "$expected" = 0 ] || [ "$expected" = 1 ]; then
        check "$*: no message" test ! -s messages
    else
        check "$*: one message that says '$words'" \
            eval 'test "$(grep -c "^bitfront: " messages)" = 1 && grep -qF -- "$words" messages'
    fi
}

# ---- 0: done ----
ends 0 "" --help
ends 0 "" --version
all="plan sweep status front best show plot report verdict prepare check cost merge list eval export bench"
listed=$("$program" --help | awk '/^  bitfront [a-z]+ / { print $2 }' | xargs)
check "the table has all commands of the help: $listed" \
    test "$(tr ' ' '\n' <<< "$listed" | sort)" = "$(tr ' ' '\n' <<< "$all" | sort)"
for command in $all; do ends 0 "" $command --help; done
ends 0 "" plan small.cfg
ends 0 "" plan --help-config
ends 0 "" status run
ends 0 "" front run
ends 0 "" check run
ends 0 "" check data.h5
ends 0 "" check small.cfg
ends 0 "" cost "$network"
ends 0 "" cost run --point 3
ends 0 "" merge merged run run
ends 0 "" sweep small.cfg --out run -q
ends 0 "" sweep small.cfg --where

# ---- 1: some tasks failed ----
ends 1 "" sweep failing.cfg --out failing -q
ends 1 "" sweep failing.cfg --out failing -q

# ---- 2: usage, configuration, input ----
ends 2 "a command is missing"
ends 2 "there is no command \"sweeep\"" sweeep
for command in ${all% bench}; do
    ends 2 "unknown option --nonsense" $command --nonsense
    ends 2 "missing" $command
done
ends 2 "there is no benchmark" bench
ends 2 "unknown option --nonsense" bench step --nonsense
for command in plan sweep check; do ends 2 "nothing.cfg does not exist" $command nothing.cfg; done
for command in status front check best report list; do ends 2 nothing $command nothing; done
for command in show eval; do ends 2 nothing $command nothing --point 1; done
ends 2 nothing export nothing --point 1 --format npz -o exported
ends 2 nothing plot nothing -o plot.png
ends 2 nothing verdict training nothing
ends 2 nothing merge merged2 nothing
ends 2 "bad.cfg:1" plan bad.cfg
ends 2 "is not a run directory" check .
ends 2 "wants" sweep small.cfg --deadline never
ends 2 "wants" sweep small.cfg --max-walltime 99999999999999999999
ends 2 "wants uniform:w4a8" cost "$network" --allocation uniform:w99999999999999999999a8
ends 2 "wants uniform:w4a8" cost "$network" --allocation uniform:w4a8x
ends 2 "mpirun -n 2" bench dispatch
for number in nan inf 0x10 " 5" 5x 1e999; do ends 2 "wants" sweep small.cfg --deadline "$number"; done
for number in 0x10 " 5" 5x 5.0 99999999999999999999; do ends 2 "wants" sweep small.cfg --lease "$number"; done
# Every variable that is read: nonsense is told by each command, whether it needs the variable or not.
nonsense=$(head -c 5000 /dev/zero | tr '\0' x)
variables=$(grep -o '"BITFRONT_[A-Z_]*"' "$root/core/base/environment.c" | tr -d '"' | grep -vx BITFRONT_)
check "variables are known: $(wc -w <<< "$variables")" test "$(wc -w <<< "$variables")" -ge 9
read_elsewhere=$(cd "$root" && grep -rhoE 'getenv\("BITFRONT_[A-Z_]*' core hw_models mpi results |
    sed 's/.*"//' | sort -u)
for variable in $read_elsewhere; do
    check "$variable is checked" grep -qx "$variable" <<< "$variables"
done
for variable in $variables; do
    [ $variable = BITFRONT_COMMAND ] && continue # any text, for `bitfront status`
    for command in "plan small.cfg" "status run" "--version"; do
        (export "$variable=$nonsense" && exec "$program" $command) > out 2> messages
        code=$?
        check "nonsense in $variable ends $command: exit code 2, one message" \
            test "$code$(grep -c "^bitfront: .*$variable" messages)$(wc -l < messages)" = 211
    done
    (export "$variable=" && exec "$program" plan small.cfg) > out 2>&1
    code=$?
    check "$variable may be empty" test $code = 0
done
for setting in DATA_MEMORY=lots DATA_MEMORY=-1 DATA_MEMORY=99999999999999999999 DATA_MEMORY=1.5 START_LIMIT=0 \
    START_LIMIT=10x START_LIMIT=86401 SUMS=message ISA=AVX2 ISA=sse9 FAIL=task; do
    (export "BITFRONT_$setting" && exec "$program" check data.h5) > out 2> messages
    code=$?
    check "BITFRONT_$setting: exit code 2, one message" test "$code$(grep -c "BITFRONT_${setting%=*}" messages)" = 21
done
BITFRONT_DATA_MEMROY=1 ends 2 "did you mean BITFRONT_DATA_MEMORY" plan small.cfg
BITFRONT_OF_SOMEBODY=1 ends 0 "" plan small.cfg
(OMPI_COMM_WORLD_RANK=0 BITFRONT_START_LIMIT=10x ends 2 "BITFRONT_START_LIMIT wants" sweep small.cfg --out run)

# ---- 3: the machine ----
for command in "--help" "--version" "plan --help" "plan small.cfg" "plan small.cfg --simulate ranks=3 --json" \
    "plan --help-config" \
    "status run" "front run" "check run" "check data.h5" "cost $network" "cost run --point 3" "merge merged run run" \
    "best run" "show run --point 3" "list run" "eval run --point 3" "report run -o page.html" "verdict training run" \
    "export run --point 3 --format npz -o exported" \
    "prepare synthetic -o made.h5 --train 64 --validation 16 --test 16" \
    "sweep small.cfg --out run" "sweep small.cfg --where" "bench --help" \
    "bench kernels --network $network --batch 2"; do
    rm -rf exported
    if [ -c /dev/full ]; then
        "$program" $command > /dev/full 2> messages
        code=$?
        check "$command > /dev/full: exit code 3" test "$code" = 3
        check "$command > /dev/full: says so" grep -qF "writing to standard output failed" messages
    fi
    rm -rf exported
    "$program" $command >&- 2> messages
    code=$?
    check "$command with a closed output: exit code 3" test "$code" = 3
    check "$command with a closed output: no file takes its place" \
        test "$(head -c 4 run/results.h5 | tail -c 3)$(head -c 4 data.h5 | tail -c 3)" = HDFHDF
done
# A launcher that is not there, and an MPI that cannot send.
OMPI_COMM_WORLD_RANK=0 OMPI_MCA_btl=nonsense OMPI_MCA_pml=ob1 "$program" sweep small.cfg --out run -q > out 2>&1
code=$?
check "MPI cannot start: exit code 3" test "$code" = 3
ulimit_ends() { # LIMIT COMMAND...
    (exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; ulimit $1 && shift && exec "$program" "$@") > out 2>&1
    code=$?
}
ulimit_ends "-n 4" sweep small.cfg --out descriptors -q
expect 3 "Too many open files" "no descriptor is left"
(ulimit -v 300000 && exec "$program" sweep small.cfg --out memory -q --set "batch = 64" \
    --set "network = \"$root/configs/networks/resnet8.cfg\"") > out 2>&1
code=$?
check "little memory: exit code 0 or 3" test "$code" = 0 -o "$code" = 3

# ---- 75: stopped ----
# stopped SIGNAL COMMAND...: which takes long, or waits for somebody who writes the FIFO
stopped() {
    local signal=$1 started
    shift
    "$program" "$@" > out 2> messages &
    local pid=$!
    sleep 1
    started=$(date +%s%N)
    kill "-$signal" $pid
    wait $pid
    code=$?
    local took=$((($(date +%s%N) - started) / 1000000))
    check "$signal ends $1 $2: exit code 75" test "$code" = 75
    check "$signal ends $1 $2: within a second (${took} ms)" test "$took" -lt 1000
    check "$signal ends $1 $2: one message" test "$(grep -c '^bitfront: ' messages)" = 1
}
mkfifo fifo.cfg
for signal in TERM INT; do
    stopped $signal prepare synthetic -o large.h5 --train 1000000
    for command in plan check cost; do
        if timeout 1 "$program" $command fifo.cfg > out 2>&1 < /dev/null; [ $? = 2 ]; then
            echo "ok: $command refuses a FIFO at once"
        else
            stopped $signal $command fifo.cfg
        fi
    done
    stopped $signal sweep small.cfg --out "stopped$signal" -q --set "warmup.epochs = 100000"
    stopped $signal bench step --network "$network" --seconds 60
    stopped $signal bench kernels --network "$root/configs/networks/resnet8.cfg" --batch 64
done
check "nothing half written is left by prepare" test ! -e large.h5

# ---- a reader who has seen enough ----
for command in "plan small.cfg" "plan --help-config" "cost $network" "status run" "front run" "list run" "check run" \
    "best run" "show run --point 3" --help; do
    "$program" $command 2> messages | true
    codes=${PIPESTATUS[*]} code=${codes% *}
    check "$command | true: exit code 0" test "$code" = 0
    check "$command | true: quiet" test ! -s messages
done

# ---- under mpirun the code is that of rank 0 ----
under() { # CODE RANKS COMMAND...
    local expected=$1 ranks=$2
    shift 2
    run "$ranks" "$@"
    check "$ranks ranks, $*: exit code $expected" test "$code" = "$expected"
    [ "$expected" -le 1 ] || check "$ranks ranks, $*: one message" test "$(grep -c '^bitfront: ' out)" = 1
}
under 0 2 plan small.cfg
check "only one rank prints" test "$(grep -c '^network small:' out)" = 1
under 0 2 --help
under 2 3 sweep --nonsense
under 2 3 sweep nothing.cfg
under 2 3 status nothing
under 2 3 bench step --nonsense
under 0 3 sweep small.cfg --out ranks -q
under 1 3 sweep failing.cfg --out failing3 -q
finish
