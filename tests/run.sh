#!/bin/bash
# Installs what is missing, checks the format of the sources, builds them with clang and looks at them with clang-tidy,
# builds the dev and asan presets and runs the tests: all of them in dev, the unit tests with the sanitizers. --long
# adds the checks that take long. Exit code 0 only if everything passed.
set -u
long=no
cd "$(dirname "$0")/.."
. configs/packages.sh

for argument in "$@"; do
    case $argument in
    --long) long=yes ;;
    *)
        echo "usage: tests/run.sh [--long]" >&2
        exit 2
        ;;
    esac
done

packages="$packages $packages_of_checks"
install_packages || exit 1
code=0

build() { # build PRESET [TARGET...]
    cmake --preset "$1" > "build-$1.tmp" 2>&1 &&
        cmake --build --preset "$1" ${2:+--target "${@:2}"} >> "build-$1.tmp" 2>&1
    local built=$?
    [ $built = 0 ] && rm -f "build-$1.tmp" || cat "build-$1.tmp"
    return $built
}

find core hw_models mpi results tests -name '*.[ch]' | xargs clang-format --dry-run -Werror || code=1

# The second compiler builds the program and runs nothing; clang-tidy (.clang-tidy) needs its list of commands.
if build clang; then
    find core hw_models mpi results -name '*.c' |
        xargs -P "$(nproc)" -n 8 clang-tidy --quiet -p build-clang 2> build-clang-tidy.tmp \
            > build-clang-tidy-found.tmp ||
        { cat build-clang-tidy-found.tmp; grep -v "warnings generated\|warnings treated" build-clang-tidy.tmp; code=1; }
    rm -f build-clang-tidy.tmp build-clang-tidy-found.tmp
else
    code=1
fi

# MPI libraries leave memory behind on purpose and are not instrumented: the sanitizers watch the unit tests, and the
# program without MPI in its test (e2e/no_mpi.sh).
if build asan unit_tests bitfront; then
    export BITFRONT_WITHOUT_MPI=$PWD/build-asan/bitfront
    UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
        ctest --preset asan -L unit -j "$(nproc)" || code=1
else
    code=1
fi

if build dev; then
    # What fails beside another test on a busy machine is tried a second time and named: its test has to be mended.
    # Twice the cores: most tests wait for files and clocks half of their time.
    ctest --preset dev -j "$((2 * $(nproc)))" --repeat until-pass:2 | tee build-dev/ctest.tmp
    [ "${PIPESTATUS[0]}" = 0 ] || code=1
    sed -n 's/.* Test *#[0-9]*: \([^ ]*\) .*\*\*\*.*/failed at least once: \1/p' build-dev/ctest.tmp | sort | uniq -c
else
    code=1
fi
# On the dev build: hundreds of kills and other faults, a real Slurm, several hosts; the readers of foreign files.
# Where the machine cannot do it, the check says "skipped" and why.
if [ $long = yes ] && [ -x build-dev/bitfront ]; then
    long_check() { # long_check NAME ARGUMENTS...
        echo "== $1"
        bash "tests/$1/run.sh" build-dev/bitfront build-dev/tests/compare_results "${@:2}"
        local ended=$?
        [ $ended = 0 ] || [ $ended = 77 ] || code=1
    }
    long_check faults build-dev/tests/fault_reader long
    long_check slurm
    long_check hosts
    echo "== random networks"
    bash tests/deploy/random_networks.sh build-dev/tests/random_export
    ended=$?
    [ $ended = 0 ] || [ $ended = 77 ] || code=1
    echo "== damage"
    bash tests/faults/damage.sh build-dev/bitfront || code=1
    echo "== fuzz"
    bash tests/fuzz/run.sh
    ended=$?
    [ $ended = 0 ] || [ $ended = 77 ] || code=1
fi
# Every line of tests/mutations/*.txt breaks the program somewhere; a test must notice.
if [ $long = yes ]; then bash tests/mutations/run.sh || code=1; fi

[ $code = 0 ] && echo "all tests passed" || echo "some tests failed"
exit $code
