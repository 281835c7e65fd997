# Nothing foreign is ever taken for ours: files that were swapped, renamed, copied from another run or edited are named,
# not used, and not deleted.
. tests/support/e2e.sh
small_sweep "$work/small.cfg"
short="--set seeds=[1]"
run 2 sweep "$work/small.cfg" --out "$work/kept" -q $short
expect 0 "4 tasks done" "a sweep"
run 2 sweep "$work/small.cfg" --out "$work/faster" -q $short --set finetune.learning_rate=1e-3
expect 0 "4 tasks done" "another one"

file() { echo "$work/$1/tasks/$("$program" list "$work/$1" | awk -v id="$2" '$1 == id { print $2 }')"*.h5; }

# fresh: a copy of the run to spoil. spoiled NAME: check, sweep and merge name it, and the right result comes back.
fresh() { rm -rf "$work/run" && cp -r "$work/kept" "$work/run"; }
spoiled() { # spoiled "what was done" "the file's name"
    local name
    name=$(basename "$2")
    alone check "$work/run"
    check "$1: check fails with 2" test "$code" = 2
    check "$1: check names the file" grep -qF "${name:0:8}" "$work/out"
    check "$1: check changes nothing" test -e "$2"
    alone merge "$work/merged" "$work/run"
    check "$1: merge does not take it" test "$code" != 0 -o ! -e "$work/merged/tasks/$name"
    rm -rf "$work/merged"
    run 2 sweep "$work/small.cfg" --out "$work/run" $short
    check "$1: sweep trains the task again" test "$code" = 0
    check "$1: sweep names the file" grep -qF "${name:0:8}" "$work/out"
    check "$1: the file is kept aside" test -n "$(compgen -G "$work/run/tasks/${name%.h5}*.damaged*" || true)"
    check "$1: the results are the right ones" same_results "$work/kept" "$work/run"
}

fresh
three=$(file run 3) two=$(file run 2)
cp "$three" "$work/third" && cp "$two" "$three" && cp "$work/third" "$two"
spoiled "two files swapped" "$three"

fresh
cp "$(file faster 3)" "$(file run 3)"
spoiled "a file of another configuration under our name" "$(file kept 3 | sed "s,/kept/,/run/,")"

fresh
three=$(file run 3)
printf '\1' | dd of="$three" bs=1 seek=900 conv=notrunc 2> /dev/null
spoiled "a file with another byte" "$three"

# Under its own name a foreign file is a result of another plan: counted, not used.
fresh
cp "$(file faster 3)" "$work/run/tasks/"
alone check "$work/run"
expect 0 "1 results of other plans" "a file of another configuration under its own name"
run 2 sweep "$work/small.cfg" --out "$work/run" -q $short
check "and no row is made of it" same_results "$work/kept" "$work/run"

# The strengths in RUN/config.cfg are not what the files were trained for.
fresh
sed -i 's/0\.5, 5\.0/0.25, 5.0/' "$work/run/config.cfg"
check "the configuration was edited" grep -q "0\.25" "$work/run/config.cfg"
alone check "$work/run"
check "an edited configuration: its new point is to do" grep -qE "3 of 4 tasks done|1 to do" "$work/out"
finish
