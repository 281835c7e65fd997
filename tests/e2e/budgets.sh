# Budgets in, networks out: trunks by both rules and searches to a budget, at two widths. Every point meets its budget;
# the same bits on any number of ranks, when killed and continued; what cannot be is refused before anything starts.
. tests/support/e2e.sh
small_data "$work/data.h5"
cp "$root/tests/e2e/budgets.cfg" "$root/tests/e2e/small_network.cfg" "$work/"
run 1 sweep "$work/budgets.cfg" --out "$work/whole"
expect 0 "23 tasks done, 0 failed" "one rank"
run 3 sweep "$work/budgets.cfg" --out "$work/three"
expect 0 "23 tasks done, 0 failed" "three ranks"
check "three ranks equal one" same_results "$work/whole" "$work/three"

# ---- every point costs what it may, and more than half of it ----
points=0
while read -r id model budget; do
    points=$((points + 1))
    alone show "$work/whole" --point "$id"
    check "point $id: show tells its target" grep -qE "^target +at most [0-9.]+ .* of $model$" "$work/out"
    alone cost "$work/whole" --point "$id"
    cost=$(awk -v m="$model" '$1 == "total" { behind = 1 } behind && $1 == m { print $2 }' "$work/out")
    check "point $id: $cost within $budget of $model" awk -v c="$cost" -v b="$budget" \
        'BEGIN { exit !(c != "" && c + 0 <= b * 1.000001 && c > b / 2) }'
done < <("$program" list "$work/whole" | awk '/ to [0-9.e+]+ / && !/ leg / { print $1, $5, $7 }')
check "every budget has a point" test $points = 13

# ---- killed in the middle, continued on other ranks ----
"$program" sweep "$work/budgets.cfg" --out "$work/killed" > "$work/out" 2>&1 &
job=$!
for _ in $(seq 400); do
    finished "$work/killed" 4 && ls "$work"/killed/checkpoints/*.h5 > /dev/null 2>&1 && break
    sleep 0.01
done
kill -9 $job
wait $job 2> /dev/null
check "it was killed before its end" \
    test ! -f "$work/killed/results.h5" -o "$(task_files "$work/killed" | wc -l)" -lt 23
run 2 sweep "$work/budgets.cfg" --out "$work/killed"
expect 0 "23 tasks done, 0 failed" "killed and continued"
check "killed and continued equals undisturbed" same_results "$work/whole" "$work/killed"

# ---- one target more trains a leg and a branch ----
more='sweep=({strategy="trunk"; cost_model="size"; targets=["1 kB", "90 % of w4", "600 B", "400 B"];})'
before=$(task_files "$work/whole" | wc -l)
alone sweep "$work/budgets.cfg" --out "$work/whole" --set "$more"
expect 0 "9 tasks done, 0 failed" "one more target"
check "a leg and a branch were trained" test "$(task_files "$work/whole" | wc -l)" = $((before + 2))

# ---- refused: one message, exit code 2, nothing started ----
refused() { # refused "words" OPTIONS...
    local words=$1
    shift
    alone sweep "$work/budgets.cfg" --out "$work/refused" "$@"
    expect 2 "$words" "$words"
    check "$words: nothing is started" test ! -e "$work/refused"
}
one() { echo "sweep=({strategy=\"$1\"; cost_model=\"size\"; $2})"; }
refused 'targets[0]: is "10 B", 80 bits, but strategy joint cannot bring small below 128' \
    --set "$(one joint 'targets=["10 B"];')"
refused 'targets[1]: is "99 % of w2", ' --set "$(one layerwise 'targets=["1 kB", "99 % of w2"];')"
refused 'size is counted in bits, not in "furlongs"' --set "$(one trunk 'targets=["1 kB", "3 furlongs"];')"
refused 'there is no cost model "nobody"' --set "$(one trunk 'targets=["3 cycles nobody"];')"
refused 'write a budget like "32 kB"' --set "$(one mixprec 'targets=["small"];')"
refused 'needs targets for strategy "trunk"' --set "$(one trunk '')"
refused 'trunk.average must be 0' --set trunk.average=0.5
refused 'needs trunk = {' --set 'trunk.schedule="cosine"'
refused 'unknown key "warmup.distill"' --set warmup.distill=1.0 # a warm-up has no teacher
refused 'search.distill' --set search.distill=1.5
sed 's/^name/recipe = "nowhere";\n&/' "$work/budgets.cfg" > "$work/no_recipe.cfg"
alone sweep "$work/no_recipe.cfg" --out "$work/refused"
expect 2 "recipes/nowhere.cfg, which cannot be read" "a recipe that is missing"
check "a recipe that is missing: nothing is started" test ! -e "$work/refused"
finish
