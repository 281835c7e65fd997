# What people do with a finished run: choose a point, look at it, compare runs, draw.
. tests/support/e2e.sh
small_sweep "$work/small.cfg"
alone sweep "$work/small.cfg" --out "$work/run"
expect 0 "8 tasks done" "sweep"
alone sweep "$work/small.cfg" --out "$work/budget" --set 'seeds=[1]' --set 'trunk.optimizer="sgd"' \
    --set 'trunk.schedule="constant"' \
    --set trunk.epochs=1 --set 'sweep=({strategy="trunk"; cost_model="size"; targets=["1 kB", "0.5 kB"];})'
expect 0 "5 tasks done" "sweep of budgets"

# ---- budgets are shown as such ----
alone plan "$work/budget/config.cfg" --set "data=\"$work/data.h5\""
check "the plan shows targets" grep -q "trunk .* to 8000 " "$work/out"
alone front "$work/budget"
check "so does the front" grep -q "to 0.5 kB" "$work/out"
check "strength 0 is nowhere" test "$(grep -c 'trunk  *0 ' "$work/out")" = 0

# ---- choosing ----
alone best "$work/run" --max size=100kB
expect 0 "test accuracy had no part in the choice" "best"
key=$(sed -n 's/^point .*, key \([0-9a-f]*\):.*/\1/p' "$work/out")
alone best "$work/run" --max size=100kB --json
check "best --json is JSON" python3 -m json.tool "$work/out"
check "and chooses the same point" grep -q "\"best\": {\"id\": [0-9]*, \"key\": \"$key" "$work/out"
alone best "$work/run" --max size=1bit
check "nothing fits: exit code 1" test "$code" = 1
check "nothing fits: the nearest two" test "$(grep -c 'misses by' "$work/out")" = 2
alone best "$work/run" --max sise=1kB
expect 2 "size_bits" "unknown cost"
alone show "$work/run" --point "$key"
expect 0 "key      $key" "show by key"
check "show has layers, costs, stages" grep -qE "^flash_bytes .*kB" "$work/out"
cp "$work/out" "$work/by_key"
alone show "$work/run"
check "show best is that point" cmp "$work/out" "$work/by_key"
alone show "$work/run" --point 1
expect 2 "no point" "show of a warm-up"
alone show "$work/run" --point 99
expect 2 "no task \"99\"" "show of nothing"

# ---- fronts ----
alone front "$work/run" --iso fixed:w4 --second ram
expect 0 "chosen by validation accuracy (mean over seeds)" "front"
check "hypervolume with its reference" grep -q "^hypervolume  .*reference" "$work/out"
check "an interval over the seeds" grep -q "bootstrap over 2 seeds" "$work/out"
check "comparison" grep -q "at its accuracy" "$work/out"
before=$(md5sum < "$work/run/front.csv")
alone front "$work/run" --cost mpic
alone front "$work/run" --seed 1 --strategy joint
check "another question has another file" test "$(md5sum < "$work/run/front.csv")" = "$before"
check "named after it" test -s "$work/run/front-mpic_cycles.csv" -a -s "$work/run/front-joint-seeds_1.csv"
check "filters hold" \
    test "$(awk -F, 'NR > 1 && ($2 != "joint" || $6 != 1)' "$work/run/front-joint-seeds_1.csv" | wc -l)" = 0
alone front "$work/run" --strategy jiont
expect 2 "joint,fixed" "unknown strategy"
alone front "$work/run" "$work/budget" -o "$work/both"
expect 0 "A against B" "front of two runs"
check "both are in the table" test "$(awk -F, 'NR > 1 { print $15 }' "$work/both.csv" | sort -u | wc -l)" = 2

# ---- pictures ----
printf 'name,size_bits,test_accuracy\n"It'"'"'s; system, 2020",9000,0.5\n' > "$work/published.csv"
mkdir "$work/home"
echo 'set output "/dev/null"; print "start-up file"' > "$work/home/.gnuplot"
for ending in png svg pdf; do
    HOME=$work/home GNUTERM=dumb alone plot "$work/run" "$work/budget" -o "$work/it's.$ending" \
        --published "$work/published.csv" --ids
    expect 0 "picture  $work/it's.$ending" "plot .$ending"
    check "plot .$ending is a picture" test "$(stat -c %s "$work/it's.$ending" 2>/dev/null || echo 0)" -gt 5000
done
check "published points have their name" grep -q "It's; system, 2020" "$work/it's.svg"
alone plot "$work/run" -o "$work/picture.jpg"
expect 2 ".png, .svg or .pdf" "plot of another kind"
alone plot "$work/run"
expect 2 "-o FILE.png" "plot without -o"
for point in "" "--point best"; do
    alone plot "$work/run" --bits $point -o "$work/bits.svg"
    expect 0 "bits.svg" "plot --bits $point"
    check "plot --bits $point shows precisions" grep -q "pruned" "$work/bits.svg"
done

# ---- spelling ----
alone frnot "$work/run"
expect 2 'did you mean "front"?' "a misspelt command"
alone front "$work/run" --strategi joint
expect 2 "did you mean --strategy?" "a misspelt option"
exit $failures
