# The commands around a sweep: help, version, plan, check, status, front.
. tests/support/e2e.sh
small_sweep "$work/small.cfg"

alone --help
expect 0 "Exit codes:" "--help"
for command in plan sweep status front prepare check; do
    alone --help
    check "--help lists $command" grep -q "bitfront $command " "$work/out"
    alone $command --help
    expect 0 "Usage: bitfront $command" "$command --help"
done
alone --version
for word in MPI HDF5 BLAS kernels; do check "--version names $word" grep -q "  $word  *[A-Za-z0-9]" "$work/out"; done
alone plan --help-config
expect 0 "segment_steps" "plan --help-config"

alone plan "$work/small.cfg"
expect 0 "network small" "plan"
check "plan prints the layer table" grep -q "^b.c1 " "$work/out"
check "plan lists the tasks" grep -qE "^ +8 +[0-9a-f]{8} +fixed" "$work/out"
run 3 plan "$work/small.cfg"
check "plan under mpirun prints once" test "$(grep -c '^b.c1 ' "$work/out")" = 1
alone plan "$work/small.cfg" --set 'data="nowhere.h5"'
expect 0 "bitfront prepare synthetic -o" "plan without data set"

alone check "$work/small.cfg"
expect 0 "is in order: 8 tasks" "check of a configuration"
alone check "$work/data.h5"
expect 0 "is in order: synthetic-digits" "check of a data set"

run 3 sweep "$work/small.cfg" --out "$work/run"
expect 0 "8 tasks done, 0 failed" "sweep"
check "output in a pipe has no escape sequences" bash -c "! grep -q $'\033' '$work/out'"
alone check "$work/run"
expect 0 "8 of 8 tasks done" "check of a run"
alone check "$work/run/results.h5"
expect 0 "results.h5 is in order: 8 points" "check of a results file"
file=$(task_files "$work/run" | head -1)
alone check "$file"
expect 0 "is in order: task $(basename "$file" | cut -c1-8)" "check of a task file"
for changed in results task; do
    [ $changed = task ] && from=$file || from=$work/run/results.h5
    head -c "$(($(stat -c %s "$from") - 100))" "$from" > "$work/cut.h5"
    alone check "$work/cut.h5"
    expect 2 "cut" "check of a $changed file that was cut short"
    cp "$from" "$work/changed.h5"
    printf 'x' | dd of="$work/changed.h5" bs=1 seek=3000 conv=notrunc 2> /dev/null
    alone check "$work/changed.h5"
    expect 2 "changed.h5" "check of a $changed file that was edited"
done
cp "$file" "$work/0123456789abcdef0123456789abcdef.h5"
alone check "$work/0123456789abcdef0123456789abcdef.h5"
expect 2 "it was renamed" "check of a task file under another name"
alone status "$work/run"
expect 0 "8 of 8 done" "status"
alone front "$work/run"
expect 0 "test accuracy" "front"
check "front writes front.csv" test -s "$work/run/front.csv"
check "front writes front.png" test -s "$work/run/front.png"
alone front "$work/run" --metric validation_accuracy
expect 0 "valid" "front by validation accuracy"

finish
