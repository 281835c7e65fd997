# The scripts of results/examples on a fresh run, where Debian's packages for them are there.
. tests/support/e2e.sh
python=/usr/bin/python3 # that of the packages
if ! $python -c 'import h5py, numpy' 2> /dev/null; then
    echo "skipped: results/examples: python3-h5py is not installed"
    exit 0
fi
small_sweep "$work/small.cfg"
alone sweep "$work/small.cfg" --out "$work/run"
expect 0 "8 tasks done" "sweep"
key=$("$program" best "$work/run" --json | sed 's/.*"best": {"id": [0-9]*, "key": "\([0-9a-f]*\)".*/\1/')
$python results/examples/bits_per_layer.py "$work/run/tasks/$key.h5" > "$work/out" 2>&1
code=$?
expect 0 "bit: " "bits_per_layer.py"
if $python -c 'import pandas' 2> /dev/null; then
    $python results/examples/seeds.py "$work/run/results.h5" > "$work/out" 2>&1
    code=$?
    expect 0 "spread" "seeds.py"
    check "three questions, two seeds each" test "$(awk '$7 == 2' "$work/out" | wc -l)" = 3
    check "the same front as bitfront front" test "$(grep -c 'True$' "$work/out")" = \
        "$("$program" front "$work/run" | sed -n 's/.*points: \([0-9]*\), chosen.*/\1/p')"
else
    echo "skipped: seeds.py: python3-pandas is not installed"
fi
exit $failures
