# A sweep can be changed and run again: only what is new is trained, nothing that was trained is lost, and results of
# other sweeps are taken where they are the same.
. tests/support/e2e.sh
small_sweep "$work/small.cfg"
one_entry='sweep = ( { strategy = "joint"; cost_model = "size"; strengths = [0.5]; } )'
more='sweep = ( { strategy = "joint"; cost_model = "size"; strengths = [0.5, 1.5, 3.0]; },
    { strategy = "fixed"; bits = [4]; }'
more="$more, { strategy = \"joint\"; cost_model = \"mpic\"; strengths = [0.5]; } )"

# sweep DIRECTORY ARGUMENTS...: quietly; how many tasks were trained is in $trained, by the log of the run.
sweep() {
    local before after
    before=$(grep -c '"task_started"' "$work/$1/log.jsonl" 2> /dev/null)
    run 2 sweep "$work/small.cfg" --out "$work/$1" -q "${@:2}"
    after=$(grep -c '"task_started"' "$work/$1/log.jsonl")
    trained=$((after - ${before:-0}))
}
# trains N "what is promised": the last sweep trained so many tasks (a task may start more than once, on other ranks)
trains() {
    check "$2: exit code 0" test "$code" = 0
    if [ "$1" = 0 ]; then
        check "$2: trains nothing" test "$trained" = 0
    else
        check "$2: $1 new task files" test "$(($(task_files "$work/$3" | wc -l) - files))" = "$1"
    fi
    files=$(task_files "$work/$3" | wc -l)
}
files=0

# ---- more and less in one directory ----
sweep run --set seeds=[1] --set "$one_entry"
trains 2 "a sweep of one point" run
sweep run --set seeds=[1] --set "$one_entry"
trains 0 "the same again" run
first=$(cat "$work"/run/tasks/*.h5 | cksum)
sweep run --set seeds=[1] --set "$more"
trains 4 "two strengths, a strategy and a cost model more" run
sweep run --set "$more"
trains 6 "a seed more: its warm-up and its points" run
sweep run --set seeds=[1] --set "$one_entry"
trains 0 "the first sweep again" run
check "its snapshot has its own rows only" test "$("$program" list "$work/run" | grep -cE '^ +[0-9]+ ')" = 2
alone status "$work/run"
expect 0 "10 results of other plans" "status"
alone check "$work/run"
expect 0 "10 results of other plans" "check"
alone list "$work/run"
expect 0 "2 results of this plan of 2 tasks, 10 of other plans" "list"
sweep run --set "$more"
trains 0 "the large sweep again" run

# The large sweep at once gives the same rows.
files=0
sweep whole --set "$more"
trains 12 "the large sweep at once" whole
check "grown and made at once are the same" same_results "$work/run" "$work/whole"

# ---- what does not matter ----
cp "$work/small_network.cfg" "$work/as_it_was"
sed -i '1i # A comment.' "$work/small_network.cfg"
sed -i 's/ = /   =  /' "$work/small_network.cfg"
sweep run --set "$more" --set name=another --set segment_steps=5
trains 0 "a comment and spaces in the network file, another name, longer segments" whole
cp "$work/as_it_was" "$work/small_network.cfg"

# ---- one point anew, failed ones anew ----
key=$("$program" list "$work/run" | awk '$1 == 3 { print $2 }')
before=$(cksum < "$(echo "$work/run/tasks/$key"*.h5)")
rm "$work/run/tasks/$key"*.h5
files=$(task_files "$work/run" | wc -l)
sweep run --set "$more"
trains 1 "a point whose file was removed" run
check "grown, with one point anew, is the same" same_results "$work/run" "$work/whole"
explodes='--set search.optimizer="sgd" --set search.learning_rate=1000 --set search.weight_decay=1'
sweep failed --set seeds=[1] --set "$one_entry" $explodes
check "a point that fails: exit code 1" test "$code" = 1
sweep failed --set seeds=[1] --set "$one_entry" $explodes
check "again: exit code 1, trains nothing" test "$code.$trained" = 1.0
sweep failed --set seeds=[1] --set "$one_entry" $explodes --retry-failed
check "--retry-failed: exit code 1, trains the point again" test "$code.$((trained > 0))" = 1.1

# ---- results of others ----
files=0
sweep other --set seeds=[1] --set "$one_entry" --reuse "$work/run"
trains 2 "what another run has finished" other
check "is not trained again" test "$trained" = 0
sweep finer --set seeds=[1] --set "$one_entry" --set finetune.epochs=1 --reuse "$work/run"
check "two recipes share their warm-up" test "$code.$(task_files "$work/finer" | wc -l)" = 0.2
alone sweep "$work/small.cfg" --out "$work/nothing" --reuse "$work/nowhere"
expect 2 "nowhere" "--reuse of what is no run"
check "nothing was started" test ! -e "$work/nothing"

# ---- merge is a union ----
sweep part1 --set "$more" --set seeds=[1]
sweep part2 --set "$more" --set seeds=[2]
sweep union --set "$more" --part 1/99
alone merge "$work/union" "$work/part1" "$work/part2"
check "merge: exit code 0" test "$code" = 0
check "the union is the whole" same_results "$work/union" "$work/whole"
finish
