# The strategies of the field are tasks like others: the same bits on any number of ranks, when killed and continued,
# and as an array of two jobs.
. tests/support/e2e.sh
small_data "$work/data.h5"
cp "$root/tests/e2e/field.cfg" "$work/"
cp "$root/configs/networks/digits8.cfg" "$work/field_network.cfg"
run 1 sweep "$work/field.cfg" --out "$work/whole"
expect 0 " 0 failed" "one rank"
tasks=$(sed -n 's/^\([0-9]*\) tasks done, .*/\1/p' "$work/out")
run 3 sweep "$work/field.cfg" --out "$work/three"
expect 0 "$tasks tasks done, 0 failed" "three ranks"
check "three ranks equal one" same_results "$work/whole" "$work/three"

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

alone verdict variance "$work/whole"
expect 0 "verdict     undecided" "a verdict on one seed"
alone verdict nothing "$work/whole"
expect 2 "known: variance, granularity, training" "a claim that nobody made"
alone verdict variance "$work/whole" --cost nothing
expect 2 "there is no cost nothing" "a cost that nobody has"
finish
