# The strategies of the field are tasks like others: the same bits on any number of ranks, when killed and continued,
# and as an array of two jobs.
. tests/support/e2e.sh
small_data "$work/data.h5"
cp "$root/tests/e2e/field.cfg" "$work/"
cp "$root/configs/networks/digits8.cfg" "$work/field_network.cfg"
run 1 sweep "$work/field.cfg" --out "$work/whole"
expect 0 " 0 failed" "one rank"
tasks=$(sed -n 's/^\([0-9]*\) tasks done, .*/\1/p' "$work/out")
for ranks in 2 3 5; do
    run $ranks sweep "$work/field.cfg" --out "$work/ranks$ranks"
    expect 0 "$tasks tasks done, 0 failed" "$ranks ranks"
    check "$ranks ranks equal one" same_results "$work/whole" "$work/ranks$ranks"
done

# An array of two, of which one is killed and started again.
"$program" sweep "$work/field.cfg" --out "$work/array" --part 1/2 > "$work/out1" 2>&1 &
first=$!
"$program" sweep "$work/field.cfg" --out "$work/array" --part 2/2 > "$work/out2" 2>&1 &
second=$!
for _ in $(seq 200); do
    ls "$work"/array/checkpoints/*.h5 > /dev/null 2>&1 && break
    sleep 0.02
done
kill -9 $first
wait $first 2> /dev/null
alone sweep "$work/field.cfg" --out "$work/array" --part 1/2
wait $second
expect 0 "is finished" "the killed half of an array"
alone sweep "$work/field.cfg" --out "$work/array"
expect 0 "$tasks tasks done, 0 failed" "an array of two, killed and continued"
check "an array of two equals one job" same_results "$work/whole" "$work/array"
alone check "$work/array"
expect 0 "$tasks of $tasks tasks done" "check"

# Draws that are trained: the update between rounds, computed by somebody else.
sed '/^sweep = (/,$d' "$work/field.cfg" > "$work/probes.cfg"
cat >> "$work/probes.cfg" << 'END'
sweep = ( { strategy = "sample"; cost_model = "size"; strengths = [1.0]; evaluate = "trained";
    samples = 3; rounds = 2; probe_epochs = 1; draws = 0; } );
END
alone sweep "$work/probes.cfg" --out "$work/probes" --quiet
expect 0 "8 tasks done, 0 failed" "rounds of probes"
if /usr/bin/python3 -c 'import h5py' 2> /dev/null; then
    check "the update of the logits" /usr/bin/python3 tests/support/check_probes.py "$work/probes"
else
    echo "skipped: the update of the logits: python3-h5py is not installed"
fi

# Layers quantised one after the other: the digits of any number of ranks, and other tasks than without.
sed '/^sweep = (/,$d' "$work/field.cfg" > "$work/gradual.cfg"
echo 'sweep = ( { strategy = "fixed"; bits = [4]; } );' >> "$work/gradual.cfg"
gradual=(--set finetune.gradual=1 --set finetune.epochs=12 --set finetune.weight_noise=0.05)
run 1 sweep "$work/gradual.cfg" "${gradual[@]}" --out "$work/gradual1" --quiet
expect 0 "2 tasks done, 0 failed" "a gradual schedule"
run 3 sweep "$work/gradual.cfg" "${gradual[@]}" --out "$work/gradual3" --quiet
check "a gradual schedule on 3 ranks equals one" same_results "$work/gradual1" "$work/gradual3"
alone plan "$work/gradual.cfg" --set finetune.epochs=12 --set finetune.weight_noise=0.05
cp "$work/out" "$work/plan"
alone plan "$work/gradual.cfg" --set finetune.epochs=12 --set finetune.weight_noise=0.05 --set finetune.gradual=0
check "0 is no schedule: the same keys" cmp "$work/plan" "$work/out"

alone verdict variance "$work/whole"
expect 0 "verdict     undecided" "a verdict on one seed"
alone verdict variance "$work/whole" --json
check "the verdict as JSON" grep -q '"verdict": "undecided"' "$work/out"
alone verdict nothing "$work/whole"
expect 2 "known: variance, granularity, training, compute, sensitivity" "a claim that nobody made"
alone verdict variance "$work/whole" --cost nothing
expect 2 "there is no cost nothing" "a cost that nobody has"
finish
