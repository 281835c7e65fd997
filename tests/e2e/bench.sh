# The benchmarks run, and their JSON is one object with what readers rely on.
. tests/support/e2e.sh

has_keys() { # KEY...: numbers above 0 in the one object of $work/out
    local key
    [ "$(wc -l < "$work/out")" = 1 ] || return 1
    [ "$(head -c 1 "$work/out")" = "{" ] || return 1
    for key in "$@"; do
        awk -v key="\"$key\": " \
            '{ i = index($0, key); exit !(i > 0 && substr($0, i + length(key)) + 0 > 0) }' "$work/out" ||
            { echo "$key"; return 1; }
    done
}

for phase in warmup search finetune eval; do
    alone bench step --network configs/networks/digits8.cfg --phase $phase --batch 16 --seconds 0.2 --json
    check "bench step --phase $phase succeeds" test "$code" = 0
    check "bench step --phase $phase gives its numbers" has_keys images_per_s gflops peak_rss_bytes sgemm_gflops \
        fma_peak_gflops share_of_sgemm "conv forward" forward_gflops
done
alone bench step --network digits8 --phase finetune --pruned 0.5 --batch 16 --seconds 0.2
expect 0 "0.5 of the channels pruned" "bench step of a pruned network"
run 2 bench step --network digits8 --activations 2,4,8 --cost mpic --batch 16 --seconds 0.2
expect 0 "2 ranks" "bench step on two ranks"
check "it prints once" test "$(grep -c "images/s (median" "$work/out")" = 1
run 3 bench step --network digits8 --batch 16 --seconds 0.2
expect 2 "3 ranks cannot share a batch of 4 shards" "bench step on three ranks"

alone bench kernels --network dscnn --batch 1 --json
check "bench kernels gives its numbers" has_keys sgemm_gflops fma_peak_gflops forward_gflops backward_data_gflops \
    backward_weight_gflops

alone bench
expect 2 "no benchmark" "bench without a name"
alone bench step
expect 2 "--network is missing" "bench step without a network"
alone bench step --network nowhere
expect 2 "there is no network file nowhere, nor one of that name" "bench step of an unknown network"
alone bench step --network digits8 --cost weather
expect 2 'unknown cost model "weather"' "bench step with an unknown cost model"
alone bench step --network digits8 --phase search --pruned 0.5
expect 2 "--pruned goes with" "bench step that prunes a search"

finish
