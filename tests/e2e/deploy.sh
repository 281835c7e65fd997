# From a point to integers: bitfront eval on a run, as fake-quantised network and as integers.
. tests/support/e2e.sh
small_sweep "$work/small.cfg"

value() { # value "line that it begins with": the accuracy in it
    awk -v line="$1" 'index($0, line) == 1 { print substr($0, 25, 8) + 0 }' "$work/out"
}

at_least() { # at_least A B
    awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && a >= b) }'
}

run 2 sweep "$work/small.cfg" --out "$work/run" --set 'seeds=[1]'
expect 0 "4 tasks done, 0 failed" "a sweep"
run 2 sweep "$work/small.cfg" --out "$work/kept" --set 'seeds=[1]' --set 'quantizer.batchnorm="kept"' \
    --set 'quantizer.before_add="signed"' --set 'quantizer.rounding="nearest"' \
    --set 'quantizer.weight_step_2="learned"' \
    --set 'quantizer.weight_step_4="learned"' --set 'quantizer.clips="data"'
expect 0 "4 tasks done, 0 failed" "a sweep with kept batch-norm and signed branches"

for run in run kept; do
    for id in 2 3 4; do
        alone eval "$work/$run" --point $id --integer --predictions "$work/$run-$id.csv"
        expect 0 "64 test images" "$run: point $id as integers"
        check "$run: point $id is what the sweep recorded" test "$(value fake-quantised)" = "$(value 'recorded by')"
        check "$run: point $id: the same class" at_least "$(value 'same class')" 98.4 # all but one of 64
        check "$run: point $id: a line an image" test "$(wc -l < "$work/$run-$id.csv")" = 65
        check "$run: point $id: the accuracy is that of the lines" at_least 0.005 \
            "$(awk -F, -v told="$(value integer)" \
            'NR > 1 { right += $2 == $4 } END { d = 100 * right / (NR - 1) - told; print d < 0 ? -d : d }' \
            "$work/$run-$id.csv")"
    done
done
# ---- what the sweep recorded of the integers ----
"$program" front "$work/run" > /dev/null
for id in 2 3 4; do
    alone eval "$work/run" --point $id --integer
    recorded=$(awk -F, -v id=$id 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
        NR > 1 && $1 == id { printf "%.2f", 100 * $at["integer_accuracy"] }' "$work/run/front.csv")
    check "point $id: the table has the accuracy of its integers" at_least 0 "$(awk -v a="$recorded" \
        -v b="$(value integer)" 'BEGIN { print (a == "" || a - b > 0.006 || b - a > 0.006) }')"
done
alone show "$work/run" --point 2
expect 0 "the same by integers" "a point tells its accuracy by integers"

# ---- fine-tuning by integers: what is evaluated is what is exported, whatever the number of ranks ----
for ranks in 1 2; do
    run $ranks sweep "$work/small.cfg" --out "$work/exact$ranks" --set 'seeds=[1]' --set 'quantizer.batchnorm="kept"' \
        --set 'quantizer.before_add="signed"' --set 'quantizer.weight_step_2="learned"' --set 'finetune.integer=true'
    expect 0 "4 tasks done, 0 failed" "a sweep that fine-tunes by integers, ranks: $ranks"
done
check "ranks change nothing" same_results "$work/exact1" "$work/exact2"
for id in 2 3 4; do
    alone eval "$work/exact1" --point $id --integer
    check "point $id: the evaluated network is the exported one" test "$(value integer)" = "$(value 'recorded by')"
done
for rate in 0.03 0.1; do # what is too much (core/deploy/README.md) is told before it is computed
    alone plan "$work/small.cfg" --set 'finetune.integer=true' --set 'quantizer.batchnorm="kept"' \
        --set 'finetune.optimizer="sgd"' --set finetune.momentum=0.9 --set finetune.learning_rate=$rate
    expect 0 "kernels: " "a plan with fine-tuning by integers, rate $rate"
    check "a rate of $rate by integers: warnings" test "$(grep -c '^warning: finetune.learning_rate' "$work/out")" = \
        $([ $rate = 0.1 ] && echo 1 || echo 0)
done
for first in 0 1; do # a search that may keep an epoch before the cost has fallen
    alone plan "$work/small.cfg" --set search.epochs=2 --set search.first_candidate_epoch=$first
    check "first candidate $first of two epochs: warnings" \
        test "$(grep -c '^warning: search.first_candidate_epoch' "$work/out")" = $((1 - first))
done
alone check "$work/small.cfg" --set 'finetune.integer=true' --set 'arithmetic="reference"'
expect 2 'is for arithmetic = "exact"' "the published arithmetic by integers"
alone check "$work/small.cfg" --set 'finetune.integer=true' --set 'quantizer.weight_step_4="midrise"'
expect 2 'finetune.integer needs weights on whole codes' "weights without whole codes by integers"

alone eval "$work/run" --point best --integer --confusion
expect 0 "confusion" "the best point"
check "a row for every class" test "$(grep -cE '^ +[0-9]+ [^ ]+ .* [0-9]+$' "$work/out")" = 10
cp "$work/out" "$work/vnni"
for isa in avx2 portable; do
    BITFRONT_ISA=$isa alone eval "$work/run" --point best --integer --confusion
    check "$isa: the same integers" cmp <(grep -A20 ^confusion "$work/vnni") <(grep -A20 ^confusion "$work/out")
done

# ---- what is refused ----
alone eval "$work/run" --point 1
expect 0 "in float" "a warm-up in float"
alone eval "$work/run" --point 1 --integer
expect 2 "is in float" "a warm-up as integers"
alone eval "$work/run"
expect 2 "--point best" "no point"
alone eval "$work/run" --point 99
expect 2 "has no task" "an unknown point"
alone eval "$work/run" --point feedbeef
expect 2 "has no task" "an unknown key"
alone eval "$work" --point 1
expect 2 "is not a run directory" "no run"
alone eval "$work/run" --point 2 --data "$work/nowhere.h5"
expect 2 "does not exist" "a missing data set"
alone eval "$work/run" --point 2 --predictions "$work/no/where.csv"
expect 3 "no/where.csv" "predictions that cannot be written"
"$program" prepare synthetic -o "$work/other.h5" --seed 8 --train 64 --validation 32 --test 32 > /dev/null
alone eval "$work/run" --point 2 --integer --data "$work/other.h5"
expect 0 "32 test images" "another data set"
key=$("$program" list "$work/run" | awk '$1 == 3 { print $2 }')
alone eval "$work/run" --point "$key"
expect 0 "task 3, key $key" "a point by its key"
mv "$work/run/tasks/$key"*.h5 "$work/aside.h5"
alone eval "$work/run" --point 3
expect 2 "is not finished" "a point that is not finished"
finish
