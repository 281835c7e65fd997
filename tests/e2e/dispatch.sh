# Empty tasks through the coordinator, its queue, its log and its messages.
. tests/support/e2e.sh
value() { grep -o "\"$1\": [-0-9.e+]*" "$work/out" | cut -d' ' -f2; }
less() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && a + 0 < b + 0) }'; }

run 3 bench dispatch --tasks 30000 --json --out "$work"
check "30,000 tasks go through" test "$code" = 0
check "below 200 bytes of coordinator memory a task" less "$(value memory_bytes_per_task)" 200
check "hand-out below 5 ms" less "$(value wait_median_s)" 0.005
check "more than 200 tasks a second even on a busy machine" less 200 "$(value tasks_per_s)"

run 3 bench dispatch --tasks 60 --durable --json --out "$work"
check "tasks with files go through" test "$code" = 0
check "they took time" less 0 "$(value tasks_per_s)"
check "nothing is left behind" test -z "$(ls "$work" | grep dispatch)"

# Whoever waits is told for how long; a stop leaves nothing behind.
mpirun -q --oversubscribe -n 3 "$program" bench dispatch --tasks 50000 --durable --out "$work" > "$work/out" 2>&1 &
waits=$!
for _ in $(seq 600); do grep -q "will take" "$work/out" && break; sleep 0.1; done
check "a long measurement tells its length" grep -q "tasks took .* s, so that 50000 will take about" "$work/out"
pkill -USR1 -P "$waits" bitfront
wait "$waits"
code=$?
check "USR1 ends it: exit code 75" test "$code" = 75
check "with one message" test "$(grep -c '^bitfront: ' "$work/out")" = 1
check "nothing is left behind by a stop" test -z "$(ls "$work" | grep dispatch)"

alone bench dispatch
expect 2 "needs ranks that take the tasks" "no other rank"
finish
