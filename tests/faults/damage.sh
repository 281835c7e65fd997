# One flipped bit, one zeroed sector, another byte or a cut at many places of every kind of file of a real run that was
# killed: task, checkpoint, results, data, status, log, claim; and of the same kinds as tests/unit/test_damage.c writes
# them. bash tests/faults/damage.sh PROGRAM [ROUNDS for each kind, default 2000]
. tests/support/e2e.sh
small_sweep "$work/small.cfg"
"$program" sweep "$work/small.cfg" --out "$work/run" -q --set "warmup.epochs=300" --set "seeds=[1]" > /dev/null 2>&1 &
first=$!
for wait in $(seq 600); do
    compgen -G "$work/run/tasks/*.h5" > /dev/null && compgen -G "$work/run/checkpoints/*.h5" > /dev/null && break
    sleep 0.05
done
kill -9 $first
wait $first 2> /dev/null
# Before the first snapshot there is no results.h5: that of a run of the same kind.
"$program" sweep "$work/small.cfg" --out "$work/whole" -q > /dev/null 2>&1
cp -n "$work/whole/results.h5" "$work/run/"
cp "$work/data.h5" "$work/run/"
rm -f "$work"/run/checkpoints/*.prev # would be taken in the place of a damaged one
for kind in tasks checkpoints claims; do
    check "the run has $kind" compgen -G "$work/run/$kind/*"
done
DAMAGE_RUN=$work/run DAMAGE_ROUNDS=${2:-2000} "$(dirname "$program")/tests/test_damage" > "$work/out" 2>&1
code=$?
check "${2:-2000} damages of each kind: no reader dies, hangs or takes wrong values" test $code = 0
grep "OK\|FAILED\|SKIPPED" "$work/out"
finish
