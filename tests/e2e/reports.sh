# What people do with a finished run: choose a point, look at it, compare runs, draw.
. tests/support/e2e.sh
small_sweep "$work/small.cfg"
# Both at once, with an epoch of each kind: how well the networks are trained does not matter here.
short=(--set warmup.epochs=1 --set search.epochs=1 --set finetune.epochs=1)
"$program" sweep "$work/small.cfg" --out "$work/budget" "${short[@]}" --set 'seeds=[1]' --set 'trunk.optimizer="sgd"' \
    --set 'trunk.schedule="constant"' --set trunk.epochs=1 \
    --set 'sweep=({strategy="trunk"; cost_model="size"; targets=["1 kB", "0.5 kB"];})' > "$work/budget.out" 2>&1 &
alone sweep "$work/small.cfg" --out "$work/run" "${short[@]}"
expect 0 "8 tasks done" "sweep"
wait $!
code=$?
cp "$work/budget.out" "$work/out"
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
alone show "$work/run" --point bset
expect 2 'has no point "bset" (did you mean "best"?)' "show of a misspelt best"
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

# ---- files for programs and papers ----
alone front "$work/run" --each-seed --format json -o "$work/points"
expect 0 "table    $work/points.json" "front as JSON"
alone front "$work/run" --each-seed -o "$work/points"
expect 0 "table    $work/points.csv" "the same as CSV"
python=/usr/bin/python3 # that of the packages
if $python -c 'import h5py' 2> /dev/null; then
    $python - "$work" > "$work/out" 2>&1 << 'END'
import csv, json, sys, h5py
work = sys.argv[1]
points = json.load(open(work + "/points.json"))["points"]
rows = list(csv.DictReader(open(work + "/points.csv")))
with h5py.File(work + "/run/results.h5") as f:
    table = {k: f["points/" + k][:]
             for k in ("id", "test_accuracy", "validation_accuracy", "size_bits", "mpic_energy_J", "seed")}
assert len(points) == len(rows) == 6
for point, row in zip(points, rows):
    at = list(table["id"]).index(point["id"])
    for name in ("test_accuracy", "validation_accuracy"):
        assert point[name] == float(row[name]) == table[name][at], (name, row)
    for name in ("size_bits", "mpic_energy_J"):
        assert point["costs"][name] == float(row[name]) == table[name][at], (name, row)
        assert len(row[name]) <= len(repr(float(table[name][at]))), row[name]
    assert point["seed"] == int(row["seed"]) == table["seed"][at]
    assert point["on_front"] == (row["on_front"] == "1")
END
    check "both have the bits of results.h5" test $? = 0
else
    echo "skipped: without h5py the numbers are not compared"
fi
alone front "$work/run" --cost mpic -o "$work/points"
expect 2 "points.csv is there and shows size_bits, not mpic_cycles" "another cost does not take its place"
check "nor that of the JSON file" grep -q '"cost": "size_bits"' "$work/points.json"
alone front "$work/run" --format latex -o "$work/paper"
expect 0 "table    $work/paper.tex" "front as a table for LaTeX"
check "with rows" test "$(grep -c '&.*\\\\$' "$work/paper.tex")" -ge 2
check "and an end" grep -qF '\end{tabular}' "$work/paper.tex"
alone front "$work/run" --format latex --cost ne16 -o "$work/paper"
expect 2 "paper.tex is there and shows size_bits" "nor that of a table"
alone front "$work/run" --format xml
expect 2 "csv, json or latex" "unknown format"
alone sweep "$work/small.cfg" --out "$work/largest" --set 'seeds=[9223372036854775807L]' \
    --set 'sweep=({strategy="fixed"; bits=[4];})'
alone front "$work/largest" --format json -o "$work/largest/seed"
check "the largest seed stands exactly in JSON" grep -q '"seed": 9223372036854775807,' "$work/largest/seed.json"
alone front "$work/largest"
check "and in CSV" grep -q ',9223372036854775807,' "$work/largest/front.csv"

# ---- pictures ----
alone plot "$work/run" -o "$work/cost.svg"
alone plot "$work/run" --cost ne16 -o "$work/cost.svg"
expect 2 "cost.gp is there and shows size_bits" "a picture of another cost does not take its place"
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
alone plot "$work/run" -o "$work/zoom.svg" --min accuracy=0.01
expect 0 "zoom.svg" "plot --min"
alone plot "$work/run" -o "$work/zoom.svg" --min accuracy=100
expect 2 "no point has at least 100 %" "plot --min above all points"
alone plot "$work/run" -o "$work/zoom.svg" --min size=3kB
expect 2 "it takes an accuracy" "plot --min of a cost"
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
