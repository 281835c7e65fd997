# A task whose loss is no longer finite becomes a record with a reason, the others go on, and the exit code says so;
# for any number of ranks the same.
. tests/support/e2e.sh
small_sweep "$work/small.cfg"
search_explodes='--set search.optimizer="sgd" --set search.learning_rate=1000 --set search.weight_decay=1'
warmup_explodes='--set warmup.optimizer="sgd" --set warmup.learning_rate=1000 --set warmup.weight_decay=1'
for ranks in 1 4; do
    run $ranks sweep "$work/small.cfg" --out "$work/run$ranks" $search_explodes
    check "failed points: exit code 1, $ranks ranks" test "$code" = 1
    check "failed points are counted, $ranks ranks" grep -q "2 tasks done, 6 failed" "$work/out"
    check "the reason is shown, $ranks ranks" grep -q "failed: .*not finite" "$work/out"
done
check "results with failures are the same" same_results "$work/run1" "$work/run4"
run 2 sweep "$work/small.cfg" --out "$work/run4" $search_explodes
check "second start: exit code 1 again" test "$code" = 1
alone check "$work/run1"
expect 0 "2 of 8 tasks done, 6 failed, 0 to do" "check of a run with failures"
failed=$("$program" list "$work/run1" | awk '$3 == "failed" { print $1; exit }')
alone export "$work/run1" --point "$failed" --format c --out "$work/exported"
expect 2 "failed, so that there is no network" "an export of a failed task"
check "an export of a failed task leaves nothing" test ! -e "$work/exported"
alone eval "$work/run1" --point "$failed" --integer
expect 2 "failed, so that there is no network" "an evaluation of a failed task"
alone show "$work/run1" --point "$failed"
check "a failed task has no accuracy by integers" bash -c "! grep -q 'by integers *[0-9]' '$work/out'"

# A pruning that fails takes along the searches that start from it; what does not start from it goes on.
run 2 sweep "$work/small.cfg" --out "$work/parent" $search_explodes --set 'seeds=[1]' \
    --set 'sweep=({strategy="sensitivity"; kernels=3; samples=64;},
        {strategy="pit_mixprec"; cost_model="size"; pit_strengths=[1.0]; strengths=[1.0];})'
check "a failed parent: exit code 1" test "$code" = 1
check "a failed parent: the rest is done" grep -q "2 tasks done, 2 failed" "$work/out"
check "and its child says why" grep -q "task [0-9a-f]* (.*), from which it starts, failed" "$work/out"

run 3 sweep "$work/small.cfg" --out "$work/warmup" $warmup_explodes
check "failed warm-ups: exit code 1" test "$code" = 1
check "failed warm-ups take their points along" grep -q "0 tasks done, 8 failed" "$work/out"
check "and the points say why" grep -q "task [0-9a-f]* (warm-up seed 1), from which it starts, failed" "$work/out"
finish
