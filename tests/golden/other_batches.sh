# The golden tests take other vectors of the same schema: another batch passes, wrong numbers fail and are named.
#   bash tests/golden/other_batches.sh FOLDER_OF_TESTS
programs=$(realpath "$1")
source=${BITFRONT_GOLDEN:-tests/golden}
[ -f "$source/resnet8_step.h5" ] || source=../shared/golden
[ -f "$source/resnet8_step.h5" ] ||
    { echo "skipped: the whole step files are neither in tests/golden nor in ../shared/golden"; exit 77; }
python=
for candidate in python3 /usr/bin/python3; do
    "$candidate" -c "import h5py, numpy" 2> /dev/null && python=$candidate && break
done
[ -n "$python" ] || { echo "skipped: no Python with h5py and numpy"; exit 77; }
source=$(realpath "$source")
root=$PWD
work=$(mktemp -d "${TMPDIR:-/tmp}/bitfront_golden_XXXXXX")
trap 'rm -rf "$work"' EXIT
failures=0

# expect CODE "words, or nothing" FOLDER TEST
expect() {
    local code words=$2 folder=$3
    (cd "$folder" && shift 3 && "$programs/$1") > "$work/out" 2>&1
    code=$?
    if [ $code = "$1" ] && grep -qF -- "$words" "$work/out"; then
        echo "ok: $(basename "$folder") $4: $code $words"
    else
        failures=$((failures + 1))
        echo "NOT OK: $(basename "$folder") $4: code $code where $1 and '$words' were expected"
        tail -5 "$work/out"
    fi
}
make() { # make KIND FOLDER
    mkdir -p "$2"
    "$python" tests/golden/other_batches.py "$source" "$2" "$1" || exit 1
}

for kind in twice logit gradient label double; do
    make $kind "$work/vectors_$kind"
    mkdir "$work/$kind"
    ln -s "$root/configs" "$work/$kind/configs"
done
with() { BITFRONT_GOLDEN=$work/vectors_$1 expect "${@:2}"; }
for test in test_golden_step test_golden_step_double test_golden_layers; do
    with twice 0 " 0 differ" "$work/twice" $test
done
with logit 1 "search_a8/logits: largest difference" "$work/logit" test_golden_step
with gradient 1 "search_a248/grad/layers/" "$work/gradient" test_golden_step
with label 1 "grad/" "$work/label" test_golden_step
with label 1 "f64/grad/" "$work/label" test_golden_step_double
with double 1 "search_a248/f64/logits: largest difference" "$work/double" test_golden_step_double

# A file without some groups is one of the reduced ones.
make first "$work/first/tests/golden/reduced"
ln -s "$root/configs" "$work/first/configs"
unset BITFRONT_GOLDEN
for test in test_golden_step test_golden_step_double test_golden_layers; do
    expect 0 " 0 differ" "$work/first" $test
done
echo "$failures checks failed"
[ $failures = 0 ]
