# A rank that cannot be told what to do, and one that fails as soon as MPI has started: the others neither wait for it
# nor take its part for done.
. tests/support/e2e.sh
small_sweep "$work/small.cfg"
short=(--set "seeds=[1]" --set 'sweep=({strategy="fixed";bits=[4,8];})' --set warmup.epochs=1 --set finetune.epochs=1
    --set search.epochs=1)

# ranks OPTION-OF-MPIRUN DIR: three of them, for two minutes at most; exit code in $code.
ranks() {
    timeout -k 5 120 mpirun -q --oversubscribe $1 -n 3 "$program" sweep "$work/small.cfg" --out "$work/$2" \
        --deadline 3 "${short[@]}" > "$work/out" 2>&1
    code=$?
}
exit_in_status() { grep -q "\"exit\": *$2\\b" "$work/$1/status.json"; }
ranks "" whole
expect 0 "3 tasks done, 0 failed" "undisturbed"

# ---- an order that cannot be sent ----
BITFRONT_FAIL=order.send.before:1:eio@0 ranks "" first
expect 0 "3 tasks done, 0 failed" "the first order is lost"
check "the first order is lost: says whose" \
    grep -q "warning: rank [12] cannot be reached and gets no more work" "$work/out"
check "the first order is lost: the same results" same_results "$work/whole" "$work/first"
BITFRONT_FAIL=order.send.before:1+:eio@0,stop.send.before:1+:eio@0 ranks "" all
expect 75 "stopped with 0 of 3 tasks finished" "every order is lost"

# mpirun --enable-recovery always ends with 0; the sweep's own exit code is in status.json.
BITFRONT_FAIL=order.send.before:2:eio@0,stop.send.before:1:eio@0 ranks --enable-recovery second
check "an order and a stop are lost, with recovery: ends in time" test "$code" = 0
check "an order and a stop are lost, with recovery: done" exit_in_status second 0
check "an order and a stop are lost, with recovery: the same results" same_results "$work/whole" "$work/second"
BITFRONT_FAIL=order.send.before:1+:eio@0,stop.send.before:1+:eio@0 ranks --enable-recovery none
check "every order is lost, with recovery: ends in time" test "$code" = 0
check "every order is lost, with recovery: stopped" exit_in_status none 75

# ---- a rank without memory behind MPI_Init: the second rank's first calls ----
[ -f "$calls" ] || { echo "skipped: $calls is not built"; finish; }
for call in 1 2; do
    export LD_PRELOAD=$calls CALLS_FAIL=memory:$call CALLS_RANK=1
    ranks "" "started$call"
    check "no memory at call $call: exit code 3" test "$code" = 3
    check "no memory at call $call: says where" grep -q "^bitfront: rank 1: no memory for" "$work/out"
    ranks --enable-recovery "recovering$call"
    check "no memory at call $call, with recovery: nobody waits" test "$code" = 0
    check "no memory at call $call, with recovery: says where" grep -q "^bitfront: rank 1: no memory for" "$work/out"
    unset LD_PRELOAD CALLS_FAIL CALLS_RANK
    check "no memory at call $call: nothing was made" test ! -e "$work/started$call" -a ! -e "$work/recovering$call"
done
finish
