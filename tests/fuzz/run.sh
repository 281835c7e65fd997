# Fuzzing of everything that is read:
#   bash tests/fuzz/run.sh [--minutes N | --seconds N for each target] [TARGET ...]
# Default: one minute for each. Builds the preset fuzz, which needs clang with libFuzzer. Begins with the committed
# seeds and what earlier runs found interesting; that, logs and inputs that break something are kept in
# build-fuzz/found/TARGET. Exit code 0: nothing was found.
set -u
cd "$(dirname "$0")/../.." || exit 1
seconds=60 targets=
while [ $# -gt 0 ]; do
    case $1 in
    --minutes) seconds=$((${2:-1} * 60)) && shift ;;
    --seconds) seconds=${2:-60} && shift ;;
    -*)
        echo "usage: tests/fuzz/run.sh [--minutes N | --seconds N] [TARGET ...]" >&2
        exit 2
        ;;
    *) targets="$targets $1" ;;
    esac
    shift
done
if ! command -v clang > /dev/null || ! echo 'int LLVMFuzzerTestOneInput(const char *b, unsigned long n) { return 0; }' |
    clang -x c -fsanitize=fuzzer - -o /dev/null 2> /dev/null; then
    echo "skipped: clang with libFuzzer is not installed"
    exit 77
fi
mkdir -p build-fuzz/found
if ! { cmake --preset fuzz && cmake --build --preset fuzz --target fuzz; } > build-fuzz/found/build.log 2>&1; then
    cat build-fuzz/found/build.log
    exit 1
fi
for program in build-fuzz/tests/fuzz/fuzz_*; do
    [ -f "$program" ] && [ -x "$program" ] && all="${all:-} ${program#build-fuzz/tests/fuzz/fuzz_}"
done

place=/dev/shm # files that are read once a run of a target
[ -d $place ] && [ -w $place ] || place=${TMPDIR:-/tmp}
scratch=$(mktemp -d "$place/bitfront_fuzz_XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
found=0 executions=0
for target in ${targets:-$all}; do
    kept=build-fuzz/found/$target
    mkdir -p "$kept/corpus" "tests/fuzz/seeds/$target"
    words=tests/fuzz/seeds/$target.dict
    TMPDIR=$scratch ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 \
        "build-fuzz/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -timeout=10 -malloc_limit_mb=1000 \
        -rss_limit_mb=2500 -max_len=20000 -print_final_stats=1 \
        $([ -f "$words" ] && echo "-dict=$words") -artifact_prefix="$kept/" "$kept/corpus" \
        "tests/fuzz/seeds/$target" > "$kept/log" 2>&1
    ended=$?
    count=$(sed -n 's/^stat::number_of_executed_units: *//p' "$kept/log")
    executions=$((executions + ${count:-0}))
    echo "$target: ${count:-0} executions"
    if [ $ended != 0 ]; then
        found=$((found + 1))
        grep -a -v "^#[0-9]*.*\(REDUCE\|NEW\|pulse\)" "$kept/log" | tail -30
    fi
    rm -rf "$scratch"/*
done
echo "$executions executions, $found targets failed"
[ $found = 0 ]
