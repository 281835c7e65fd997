# Stopping hopeless points: the same points end, with the same bits, whoever trains them and however often they are
# interrupted; what was stopped is no result, and goes on where nothing is stopped.
. tests/support/e2e.sh
small_data "$work/data.h5"
cp "$root/tests/e2e/small_network.cfg" "$work/"
cfg="$work/small.cfg"
sed '/^sweep/,$d; s/^seeds.*/seeds = [1];/; s/^finetune = { epochs = 2/finetune = { epochs = 9/' \
    "$root/tests/e2e/small.cfg" > "$cfg"
cat >> "$cfg" << 'END'
sweep = (
    { strategy = "joint"; cost_model = "size"; strengths = { from = 0.2; to = 20.0; count = 9; }; },
    { strategy = "fixed"; bits = [4]; }
);
END
stop="--set stopping.eta=3 --set stopping.first=2 --set stopping.control=5"

run 1 sweep "$cfg" --out "$work/whole"
expect 0 "11 tasks done, 0 failed" "nothing is stopped by default"
check "nothing is kept for it" test ! -e "$work/whole/stopping.csv"

run 1 sweep "$cfg" --out "$work/one" $stop
expect 0 "0 failed, " "with stopping"
check "some were stopped" grep -qE "[1-9] stopped early" "$work/out"
check "with a reason" grep -q "stopped: not among the first 1/3 at rung" "$work/out"
check "in the log, too" grep -q '"event": *"task_stopped"' "$work/one/log.jsonl"
stopped=$(sed -nE 's/.* ([0-9]+) stopped early.*/\1/p' "$work/out")
done_tasks=$(sed -nE 's/^([0-9]+) tasks done.*/\1/p' "$work/out")
check "every point is done or stopped" test $((stopped + done_tasks)) = 11
check "stopped points have no result" test "$(task_files "$work/one" | wc -l)" = "$done_tasks"
cp "$work/one/stopping.csv" "$work/decided.csv"
check "the points of the control share ended" test "$(grep -c ',control' "$work/decided.csv")" -ge 2

# What ended is what ends without stopping, and what was stopped is not taken for complete.
for file in $(task_files "$work/one"); do
    check "$(basename "$file") is there without stopping" test -e "$work/whole/tasks/$(basename "$file")"
done
run 3 sweep "$cfg" --out "$work/three" $stop
expect 0 "$done_tasks tasks done, 0 failed, $stopped stopped early" "three ranks"
check "three ranks decide the same" cmp "$work/three/stopping.csv" "$work/decided.csv"
check "and have the same results" same_results "$work/one" "$work/three"

# Again: nothing to do, nothing forgotten.
run 1 sweep "$cfg" --out "$work/one" $stop
expect 0 "$done_tasks tasks done, 0 failed, $stopped stopped early" "the same command again"
check "nothing was trained" eval "! grep -q started '$work/out'"
check "the decisions stay" cmp "$work/one/stopping.csv" "$work/decided.csv"
alone front "$work/one"
expect 0 "stopped early: $stopped of 9 points" "front"
check "front tells how often it was wrong" grep -q "control points, never stopped" "$work/out"
alone report "$work/one" -o "$work/report.html"
check "the page says so" grep -q "stopped early: $stopped of 9 points" "$work/report.html"
alone status "$work/one"
check "status says so" grep -q "$stopped stopped early" "$work/out"

# Killed at any time.
for kill_at in 2 5 8; do
    "$program" sweep "$cfg" --out "$work/killed" $stop > "$work/out" 2>&1 &
    job=$!
    for _ in $(seq 400); do
        finished "$work/killed" $kill_at && break
        kill -0 $job 2> /dev/null || break
        sleep 0.02
    done
    kill -9 $job 2> /dev/null
    wait $job 2> /dev/null
done
run 2 sweep "$cfg" --out "$work/killed" $stop
expect 0 "$done_tasks tasks done, 0 failed, $stopped stopped early" "killed three times"
check "the same decisions after kills" cmp "$work/killed/stopping.csv" "$work/decided.csv"
check "the same results after kills" same_results "$work/one" "$work/killed"

# The file is lost or damaged: the points that had been stopped are looked at again.
rm "$work/killed/stopping.csv"
run 1 sweep "$cfg" --out "$work/killed" $stop
expect 0 "$done_tasks tasks done, 0 failed, $stopped stopped early" "without its file"
check "the same decisions without the file" cmp "$work/killed/stopping.csv" "$work/decided.csv"
sed -i 's/stopped/goes on/' "$work/killed/stopping.csv"
run 1 sweep "$cfg" --out "$work/killed" $stop
expect 0 "was changed or is cut off" "a changed file"
check "the same decisions with a changed file" cmp "$work/killed/stopping.csv" "$work/decided.csv"

# Without stopping the rest goes on, to the bits of a sweep that never stopped anything.
run 1 sweep "$cfg" --out "$work/one"
expect 0 "11 tasks done, 0 failed" "without stopping"
check "the same results in the end" same_results "$work/whole" "$work/one"

run 1 sweep "$cfg" --out "$work/part" $stop --part 1/2
expect 2 "leave out --part" "with --part"
run 1 sweep "$cfg" --out "$work/part" --set stopping.eta=1
expect 2 "stopping.eta" "eta = 1"
finish
