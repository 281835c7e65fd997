# A sweep on four "hosts" of one machine: network namespaces with names of their own, joined by a switch, TCP only. The
# links are slow and lose packets (tc netem, or where the kernel has none: tc tbf and nftables). One host is cut off in
# the middle. The results are those of one host. bash tests/hosts/run.sh BITFRONT COMPARE Needs root, iproute2 and a
# kernel with network namespaces (it says so and returns 77).
. tests/support/e2e.sh
skip() { echo "skipped: $*"; exit 77; }
[ "$(id -u)" = 0 ] || skip "only root can make network namespaces"
for tool in ip tc unshare; do command -v $tool > /dev/null || skip "$tool is missing"; done
tag=bf$$
net=10.77.$(($$ % 200 + 20))
hosts="1 2 3 4"
launcher=$(dirname "$program")/bitfront-run

end_hosts() {
    pkill -9 -f -- "$work/" 2> /dev/null
    for h in $hosts switch; do ip netns del $tag-$h 2> /dev/null; done
}
trap 'end_hosts; leave' EXIT
ip netns add $tag-switch 2> "$work/out" || skip "no right to make a network namespace: $(cat "$work/out")"
in_switch="ip netns exec $tag-switch"
$in_switch ip link add hub type bridge 2> "$work/out" || skip "no bridge: $(cat "$work/out")"
$in_switch ip link set hub up
for h in $hosts; do
    ip netns add $tag-$h
    ip -n $tag-switch link add port$h type veth peer name eth0 netns $tag-$h 2> "$work/out" ||
        skip "no veth pairs: $(cat "$work/out")"
    $in_switch ip link set port$h master hub up
    ip -n $tag-$h addr add $net.$h/24 dev eth0
    ip -n $tag-$h link set eth0 up
    ip -n $tag-$h link set lo up
done

# Each link: 1 ms and 0.5 % of the packets, or a rate that makes packets queue and the same loss.
slow="delay of 1 ms and loss of 0.5 % by netem"
for h in $hosts; do
    ip netns exec $tag-$h tc qdisc add dev eth0 root netem delay 1ms loss 0.5% 2> /dev/null && continue
    slow="a rate of 200 Mbit/s by tbf"
    ip netns exec $tag-$h tc qdisc add dev eth0 root tbf rate 200mbit burst 16kb latency 20ms || slow="full speed"
    if ip netns exec $tag-$h nft -f - 2> /dev/null << 'END'; then slow="$slow and loss of 0.5 % by nftables"; fi
table inet lossy {
    chain input {
        type filter hook input priority 0;
        iifname "eth0" numgen random mod 1000 < 5 drop
    }
}
END
done
echo "four hosts, links with $slow"
check "the hosts reach each other" ip netns exec $tag-1 bash -c "for i in 1 2 3 4 5; do
    (exec 3<> /dev/tcp/$net.4/9) 2>&1 | grep -q refused && exit 0; done; exit 1"

# As ssh would: agent HOST COMMAND...
cat > "$work/agent" << END
#!/bin/bash
host=\${1##*.}
shift
exec ip netns exec $tag-\$host unshare --uts bash -c 'hostname bfhost'\$host'; exec bash -c "\$0"' "\$*"
END
chmod +x "$work/agent"
small_sweep "$work/small.cfg"
longer=(--set warmup.epochs=30 --set search.epochs=30 --set finetune.epochs=30)
run 3 sweep "$work/small.cfg" --out "$work/whole" "${longer[@]}"
expect 0 "8 tasks done, 0 failed" "one host"

words="--host $net.1:2,$net.2:1,$net.3:1,$net.4:1 --mca plm rsh --mca plm_rsh_agent $work/agent --mca btl tcp,self"
words="$words --mca btl_tcp_if_include $net.0/24 --mca oob_tcp_if_include $net.0/24"
on_hosts() { # on_hosts DIRECTORY: the sweep, started on the first host, in the background; $job
    "$work/agent" "$net.1" \
        "cd $work && exec timeout -k 5 200 '$launcher' -n 5 --mpirun '$words' sweep small.cfg --out '$1' \
        --deadline 3 ${longer[*]}" > "$work/out" 2>&1 &
    job=$!
}
on_hosts "$work/four"
wait $job
code=$?
expect 0 "8 tasks done, 0 failed" "four hosts"
check "four hosts: four workers" grep -q "8 tasks on 4 ranks" "$work/out"
check "results of four hosts equal those of one" same_results "$work/whole" "$work/four"

on_hosts "$work/cut"
for _ in $(seq 600); do
    compgen -G "$work/cut/tasks/*.h5" > /dev/null && break
    sleep 0.1
done
ip -n $tag-switch link set port4 down
echo "host 4 is cut off with $(find "$work/cut/tasks" -name '*.h5' | wc -l) of 8 tasks finished"
wait $job
code=$?
echo "the sweep with a host cut off ended with code $code"
if [ $code != 0 ]; then
    check "host cut off: an honest exit code" test $code = 3
    words=${words/,$net.4:1/}
    on_hosts "$work/cut"
    wait $job
    code=$?
fi
expect 0 "8 tasks done, 0 failed" "the sweep without the host"
check "results with a host cut off equal those of one" same_results "$work/whole" "$work/cut"
finish
