# What settings bring (configs/experiments/variants.sh): a setting that changes nothing brings nothing, another one has
# its row with a standard error; the second run trains nothing.
. tests/support/e2e.sh
small_data "$work/data.h5"
cp "$root/configs/networks/digits8.cfg" "$work/field_network.cfg"
sed '/^sweep/,$d; s/^seeds.*/seeds = [1, 2];/' "$root/tests/e2e/field.cfg" > "$work/small.cfg"
echo 'sweep = ( { strategy = "fixed"; bits = [4, 2]; } );' >> "$work/small.cfg"
{
    echo "# two"
    echo "same segment_steps=3"
    echo "flat finetune.learning_rate=1e-7 search.learning_rate=1e-7"
} > "$work/two.variants"
variants() {
    BITFRONT=$program LAUNCH="mpirun -n 2 --oversubscribe --bind-to none" \
        bash "$root/configs/experiments/variants.sh" "$work/small.cfg" "$work/two.variants" "$work/runs" \
        > "$work/out" 2>&1
    code=$?
}
variants
expect 0 "verdict" "variants run"
check "a row for each point of each variant" [ "$(wc -l < "$work/runs/table.csv")" = 7 ]
nothing='^same,fixed,w[24],2,.*,0.00,0.00,none$'
check "what changes nothing brings nothing" [ "$(grep -c "$nothing" "$work/runs/table.csv")" = 2 ]
trained() { grep -c '"event":"task_started"' "$work/runs/$1/log.jsonl"; } # trained VARIANT: so many tasks
check "what changes nothing trains nothing" [ "$(trained same)" = 0 ]
check "warm-ups are shared" [ "$(trained as_it_is),$(trained flat)" = 6,4 ]
cp "$work/runs/table.csv" "$work/before.csv"
variants
expect 0 "verdict" "variants run again"
check "the second run trains nothing" [ "$(trained as_it_is),$(trained flat)" = 6,4 ]
check "and tells the same" cmp "$work/before.csv" "$work/runs/table.csv"
bash "$root/configs/experiments/variants.sh" > "$work/out" 2>&1
check "without arguments it says how it is called" [ $? = 2 ]
check "with every argument" grep -q "variants.sh CONFIG VARIANTS OUT" "$work/out"
finish
