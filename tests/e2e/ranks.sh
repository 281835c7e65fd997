# P1: the same sweep with 1, 2, 3, 5 and 9 ranks gives byte-identical results; a second start has nothing to do.
. tests/support/e2e.sh
small_sweep "$work/small.cfg"
for ranks in 1 2 3 5 9; do
    run $ranks sweep "$work/small.cfg" --out "$work/run$ranks"
    expect 0 "8 tasks done, 0 failed" "sweep with $ranks ranks"
done
for ranks in 2 3 5 9; do
    check "results with $ranks ranks equal those with 1" same_results "$work/run1" "$work/run$ranks"
done
alone sweep "$work/small.cfg" --out "$work/run0"
expect 0 "8 tasks done, 0 failed" "sweep without mpirun"
check "results without mpirun equal those with 1 rank" same_results "$work/run1" "$work/run0"

# The comparison itself must be able to fail.
run 2 sweep "$work/small.cfg" --out "$work/other" --set "warmup.learning_rate=3e-3"
check "another learning rate gives other results" \
    bash -c "! '$compare' '$work/run1/results.h5' '$work/other/results.h5'"

before=$(cat $(task_files "$work/run3") | cksum)
run 3 sweep "$work/small.cfg" --out "$work/run3"
expect 0 "8 tasks done, 0 failed" "second start"
check "second start says what is finished" grep -q "8 of 8 tasks were finished" "$work/out"
check "second start leaves the task files alone" test "$before" = "$(cat $(task_files "$work/run3") | cksum)"
finish
