# Shared by tests/e2e/*.sh, which are called as: bash NAME.sh path/to/bitfront [path/to/compare_results]
# Each script gets a directory of its own in $work with a small data set and a small sweep, and ends with the number of
# failed checks.
set -u
unset OPENBLAS_CORETYPE OPENBLAS_NUM_THREADS # of the caller: a warning of bench would come before what tests look for

program=$(realpath "$1")
compare=$(realpath "${2:-$(dirname "$1")/tests/compare_results}")
calls=$(dirname "$program")/tests/libcalls.so # tests/faults/calls.c
root=$PWD
work=$(mktemp -d "${TMPDIR:-/tmp}/bitfront_e2e_XXXXXX")
failures=0

export XDG_STATE_HOME=$work/state # where sweeps note their directories

leave() {
    for mounted in $(mount | awk -v w="$work/" 'index($3, w) == 1 { print $3 }'); do umount "$mounted"; done
    rm -rf "$work"
}
trap leave EXIT

[ "$(id -u)" = 0 ] && export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

# run RANKS ARGUMENTS...: the program under mpirun; output in $work/out, exit code in $code.
run() {
    local ranks=$1
    shift
    mpirun -q --oversubscribe -n "$ranks" "$program" "$@" > "$work/out" 2>&1
    code=$?
}

# alone ARGUMENTS...: the program without mpirun; likewise.
alone() {
    "$program" "$@" > "$work/out" 2>&1
    code=$?
}

check() { # check "what is promised" COMMAND...
    local promise=$1
    shift
    if "$@" > "$work/check" 2>&1; then
        echo "ok: $promise"
    else
        failures=$((failures + 1))
        echo "NOT OK: $promise (exit code of the program: ${code:-none})"
        cat "$work/check"
        sed 's/^/    | /' "$work/out" | tail -30
    fi
}

expect() { # expect CODE "part of the message" "what is promised"
    check "$3: exit code $1" test "$code" = "$1"
    check "$3: says '$2'" grep -qF -- "$2" "$work/out"
    # Only rank 0 speaks, once.
    [ "$1" = 0 ] || check "$3: one message" test "$(grep -c '^bitfront: ' "$work/out")" = 1
}

task_files() { compgen -G "$1/tasks/*.h5" || true; } # task_files RUN: of finished tasks
finished() { test "$(task_files "$1" | wc -l)" -ge "$2"; } # finished RUN N: at least so many

same_results() { # same_results RUN RUN
    "$compare" "$1/results.h5" "$2/results.h5"
}

small_data() { # small_data FILE: a few hundred images
    "$program" prepare synthetic -o "$1" --seed 7 --train 256 --validation 64 --test 64 > /dev/null || exit 1
}

# small_sweep FILE: warm-ups of two seeds, six points, two epochs each; $work/data.h5 is its data set.
small_sweep() {
    cp "$root/tests/e2e/small.cfg" "$root/tests/e2e/small_network.cfg" "$work/"
    [ "$1" = "$work/small.cfg" ] || cp "$work/small.cfg" "$1"
    [ -f "$work/data.h5" ] || small_data "$work/data.h5"
}

finish() {
    echo "$failures checks failed"
    [ "$failures" = 0 ]
    exit
}
