# Hardware costs from end to end: bitfront cost on a network and on points, every model as a column of a run, the user's
# own table, the refinement for NE16.
. tests/support/e2e.sh
small_sweep "$work/small.cfg"
table='lut.conv=([6.5, 4.0, 2.2], [3.9, 3.5, 2.1], [2.5, 2.3, 2.1])' # that of MPIC

total() { # total MODEL: the number in the last table of the output
    awk -v model="$1" '/^total/ { on = 1 } on && $1 == model { print $2 }' "$work/out"
}

column() { # column RUN MODEL ID: what front.csv has for a point
    "$program" front "$1" --cost "$2" -o "$work/of_$2" > /dev/null &&
        awk -F, -v id="$3" '$1 == id { print $7 }' "$work/of_$2.csv"
}

near() { # near A B: equal to nine digits
    awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && b != "" && (a - b) ^ 2 <= (1e-9 * b) ^ 2) }'
}

# ---- a network ----
alone cost --help
expect 0 "Usage: bitfront cost" "cost --help"
alone cost configs/networks/resnet8.cfg
expect 0 "total" "cost of a network"
check "default is 8 bit: 618880 bits" test "$(total size)" = 618880
check "default is 8 bit: 155241 NE16 cycles" test "$(total ne16)" = 155241
for model in macs bitops mpic mpic_energy params ops gap8 flash ram bops_accumulator; do
    check "the totals have $model" test -n "$(total $model)"
done
check "a line for every layer" test "$(grep -cE '^(input|b[123]\.(c1|c2|sc)|fc) ' "$work/out")" = 10
alone cost configs/networks/resnet8.cfg --allocation uniform:w4a8
check "w4a8: 104361 NE16 cycles" test "$(total ne16)" = 104361
check "w4a8: b1.c1 takes 17787" grep -qE '^b1\.c1 .* 17787$' "$work/out"
alone cost configs/networks/resnet8.cfg --allocation uniform:w2a2 --model bitops
check "w2a2: 4 bit operations each" test "$(total bitops)" = 50006528
check "--model shows nothing else" test -z "$(total size)"

alone cost configs/networks/resnet8.cfg --model sice
expect 2 "known: size, macs" "unknown model"
alone cost configs/networks/resnet8.cfg --model lut
expect 2 "--config" "lut without a table"
alone cost configs/networks/resnet8.cfg --allocation uniform:w3a8
expect 0 "weights of 3 bit" "allocation of 3 bit"
alone cost configs/networks/resnet8.cfg --allocation uniform:w9a8
expect 2 "uniform:w4a8" "allocation of 9 bit"
alone cost configs/networks/resnet8.cfg --allocation w4
expect 2 "uniform:w4a8" "allocation without its form"
alone cost configs/networks/resnet8.cfg --point 2
expect 2 "is a file" "a point of a network file"
alone cost "$work/nowhere.cfg"
expect 2 "nowhere.cfg does not exist" "missing network"
alone cost "$work"
expect 2 "is not a run directory" "directory without a run"
alone cost
expect 2 "a network file or a run directory" "no argument"

# ---- a run with all models and a table of its own ----
run 2 sweep "$work/small.cfg" --out "$work/run" --set 'seeds=[1]' --set "$table" --set 'lut.name="mychip"' \
    --set 'search.activation_bits=[4, 8]' --set 'sweep=({strategy="joint"; cost_model="mpic"; strengths=[0.5, 2.0];},
    {strategy="joint"; cost_model="lut"; strengths=[0.5, 2.0];}, {strategy="fixed"; bits=[4];})'
expect 0 "6 tasks done, 0 failed" "sweep with a table"
for id in 2 4 6; do
    alone cost "$work/run" --point $id
    check "point $id has a cost" test "$code" = 0
    cp "$work/out" "$work/point"
    for model in size macs bitops mpic mpic_energy ne16 params ops gap8 lut; do
        wanted=$(column "$work/run" $model $id)
        cp "$work/point" "$work/out"
        check "$model of point $id: record and bitfront cost agree" near "$(total $model)" "$wanted"
    done
done
check "the lut has its name" grep -q "cycles on mychip" "$work/point"
# The table is that of MPIC, so searches for one and for the other are the same search.
for pair in "2 4" "3 5"; do
    set -- $pair
    for model in size lut mpic ne16; do
        check "points $1 (mpic) and $2 (lut): same $model" \
            test "$(column "$work/run" $model $1)" = "$(column "$work/run" $model $2)"
    done
    check "points $1 and $2: mpic and lut agree" near "$(column "$work/run" mpic $1)" "$(column "$work/run" lut $2)"
done
alone cost "$work/run" --point 1
expect 2 "a network in float has no precisions" "cost of a warm-up"
alone cost "$work/run" --point 99
expect 2 'has no task "99"' "cost of a missing point"
alone cost "$work/run" --point 2 --allocation uniform:w4a8
expect 2 "leave out" "a point and an allocation"
sed "s/^batch/$table;\nbatch/" "$work/small.cfg" | sed 's/^lut.conv=\(.*\);$/lut = { conv = \1; };/' > "$work/table.cfg"
alone cost configs/networks/dscnn.cfg --config "$work/table.cfg" --model lut --model mpic
check "cost --config knows the table" near "$(total lut)" "$(total mpic)"

# ---- wrong tables ----
wrong() { # wrong "text of lut" "part of the message" "what"
    sed "s/^batch/$1\nbatch/" "$work/small.cfg" > "$work/wrong.cfg"
    alone plan "$work/wrong.cfg"
    expect 2 "$2" "$3"
    check "$3: names file and line" grep -qE 'wrong\.cfg:[0-9]+: ' "$work/out"
}
wrong 'lut = { conv = ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]); };' "has 2 rows; it needs 3" "table with two rows"
wrong 'lut = { conv = ([1.0, 2.0], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]); };' \
    "has 2 numbers; it needs 3" "row of two numbers"
wrong 'lut = { conv = ([1.0, 0.0, 1.0], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]); };' "above 0" "throughput of nothing"
wrong 'lut = { conv = 3.0; };' "list of 3 rows" "number for a table"
wrong 'lut = { clock_hz = 1e6; };' "needs lut.conv" "clock without table"
wrong 'lut = { rows = 1; };' "unknown key" "unknown key in lut"
sed 's/cost_model = "size"/cost_model = "lut"/' "$work/small.cfg" > "$work/wrong.cfg"
alone plan "$work/wrong.cfg"
expect 2 "needs lut = { conv" "cost model lut without table"
check "cost model lut without table: names file and line" grep -qE 'wrong\.cfg:[0-9]+: ' "$work/out"

# ---- refinement ----
for refine in false true; do
    run 2 sweep "$work/small.cfg" --out "$work/refine_$refine" --set 'seeds=[1]' --set search.refine=$refine \
        --set 'sweep=({strategy="mixprec"; cost_model="ne16"; strengths=[0.01, 0.5];},
        {strategy="joint"; cost_model="ne16"; strengths=[0.01];},
        {strategy="mixprec"; cost_model="size"; strengths=[0.5];})'
    expect 0 "5 tasks done, 0 failed" "sweep with search.refine = $refine"
done
cheaper=0
for id in 2 3 4; do
    before=$(column "$work/refine_false" ne16 $id) after=$(column "$work/refine_true" ne16 $id)
    check "refined point $id costs no more" awk -v a="$after" -v b="$before" 'BEGIN { exit !(a > 0 && a <= b) }'
    check "refined point $id keeps its channels" \
        test "$(column "$work/refine_false" params $id)" = "$(column "$work/refine_true" params $id)"
    check "refined point $id has no fewer bits" awk -v a="$(column "$work/refine_true" size $id)" \
        -v b="$(column "$work/refine_false" size $id)" 'BEGIN { exit !(a >= b) }'
    [ "$after" = "$before" ] || cheaper=$((cheaper + 1))
done
check "refinement made at least one point cheaper" test $cheaper -gt 0
check "a point trained for size is not refined" \
    test "$(column "$work/refine_false" size 5)" = "$(column "$work/refine_true" size 5)"
finish
