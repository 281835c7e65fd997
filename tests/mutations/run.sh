#!/bin/bash
# Does a test notice when the program is wrong? Copies the tree to a temporary directory, builds it, and for every line
# of tests/mutations/*.txt
#
#     file <tab> sed expression <tab> regular expression of the ctest names that must notice
#
# changes the file, rebuilds what those tests need and runs them. A mutation is killed when one of them fails. Exit code
# 0 only if every mutation was killed; one that changes nothing or does not compile is an error in the list.
#
#     tests/mutations/run.sh [REGEX]     only lines that match
set -u
cd "$(dirname "$0")/../.."
root=$PWD pattern=${1:-.} jobs=$(nproc)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
tree=$work/tree build=$work/build

mkdir "$tree" && tar -c --exclude='./build*' --exclude='./.git' --exclude='./results/runs' --exclude='./data' . |
    tar -x -C "$tree" || exit 1
[ -d ../shared ] && ln -s "$root/../shared" "$work/shared" # the complete golden vectors, where they are
cd "$tree" || exit 1

# names of the tests that match, and the targets that they are made of
tests_of() { (cd "$build" && ctest -N -R "$1") | sed -n 's/^ *Test *#[0-9]*: //p'; }
targets_of() {
    tests_of "$1" | sed 's/_np[0-9]*$//; s/^e2e_.*/bitfront compare_results digest_results/' |
        grep -v '^layering$' | sort -u | tr '\n' ' '
}
run_tests() {
    (cd "$build" && ctest -R "$1" --timeout 120 --stop-on-failure -j "$jobs") > "$work/tests.log" 2>&1 < /dev/null
}

cmake --preset dev -B "$build" -DBITFRONT_WERROR=OFF > "$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
lines=$(grep -hEv '^(#|$)' tests/mutations/*.txt | grep -E -- "$pattern")
everything=$(printf '%s\n' "$lines" | cut -f 3 | sort -u | paste -s -d '|')
# shellcheck disable=SC2046
ninja -C "$build" -j "$jobs" $(targets_of "$everything") > "$work/build.log" 2>&1 ||
    { tail -30 "$work/build.log"; exit 1; }
if ! run_tests "$everything"; then
    echo "the tests fail without any mutation:"
    tail -30 "$work/tests.log"
    exit 1
fi

killed=0 survived=0 broken=0
while IFS=$'\t' read -r file expression tests <&3; do # not stdin: mpirun in a test would eat the list
    cp "$file" "$work/original" || exit 1
    sed -i -- "$expression" "$file"
    if cmp -s "$file" "$work/original"; then
        verdict="changes nothing" broken=$((broken + 1))
    elif [ -z "$(tests_of "$tests")" ]; then
        verdict="names no test" broken=$((broken + 1))
    # shellcheck disable=SC2046
    elif ! ninja -C "$build" -j "$jobs" $(targets_of "$tests") > "$work/build.log" 2>&1; then
        verdict="does not compile" broken=$((broken + 1))
    elif run_tests "$tests"; then
        verdict="SURVIVED" survived=$((survived + 1))
    else
        verdict="killed" killed=$((killed + 1))
    fi
    [ "$verdict" = killed ] || printf '%-16s %s  %s\n' "$verdict" "$file" "$expression"
    cp "$work/original" "$file"
done 3<<< "$lines"
echo "mutations: $killed killed, $survived survived, $broken broken"
[ "$killed" -gt 0 ] && [ "$killed" = "$(printf '%s\n' "$lines" | wc -l)" ]
