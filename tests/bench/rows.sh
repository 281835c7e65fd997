#!/bin/bash
# Measures the rows of the table in tests/bench/README.md: tests/bench/rows.sh [BITFRONT [SECONDS]]
# Prints one line of the table for each. `quiet`, if set, is a command put in front of every measurement.
set -euo pipefail
cd "$(dirname "$0")/../.."
bitfront=${1:-build/bitfront} seconds=${2:-4}
# The quantisers of configs/recipes/best.cfg.
best='weight_step_2 = "learned"; weight_step_4 = "learned"; batchnorm = "kept"; before_add = "signed";'
best="$best clips = \"data\"; rounding = \"nearest\";"

measure() # NAME OPTIONS...
{
    local name=$1 json
    shift
    json=$(${quiet:-} "$bitfront" bench step "$@" --seconds "$seconds" --json)
    value() { sed -E "s/.*\"$1\": ([0-9.e+-]+).*/\1/" <<<"$json"; }
    printf '| %s | %.0f | %.0f | %.1f %% | %.1f | %.0f |\n' "$name" \
        "$(value images_per_s)" "$(value images_per_cpu_s)" \
        "$(awk "BEGIN { print 100 * $(value share_of_sgemm_by_cpu) }")" "$(value sgemm_gflops)" \
        "$(awk "BEGIN { print $(value peak_rss_bytes) / 1e6 }")"
}

echo '| row | images/s | per CPU second | of the limit | sgemm | peak MB |'
echo '|---|---|---|---|---|---|'
for batch in 32 128; do
    measure "ResNet-8 search, a8, size, batch $batch" --network resnet8 --batch $batch
    measure "ResNet-8 search, a2/4/8, MPIC, batch $batch" \
        --network resnet8 --batch $batch --activations 2,4,8 --cost mpic
    measure "ResNet-8 warm-up, batch $batch" --network resnet8 --batch $batch --phase warmup
    measure "ResNet-8 search, batch-norm kept, batch $batch" --network resnet8 --batch $batch --quantizer "$best"
    measure "ResNet-8 search, batch-norm kept, teacher, batch $batch" --network resnet8 --batch $batch \
        --quantizer "$best" --teacher
    measure "ResNet-8 trunk's leg, batch $batch" --network resnet8 --batch $batch --phase trunk --quantizer "$best"
    measure "ResNet-8 trunk's leg by gradient, batch $batch" --network resnet8 --batch $batch --phase trunk_bits \
        --quantizer "$best"
    measure "ResNet-8 branch, batch $batch" --network resnet8 --batch $batch --phase finetune --quantizer "$best"
    measure "ResNet-8 branch, teacher, batch $batch" --network resnet8 --batch $batch --phase finetune \
        --quantizer "$best" --teacher
    measure "ResNet-8 fine-tune, nothing pruned, batch $batch" --network resnet8 --batch $batch --phase finetune
    measure "ResNet-8 fine-tune, half pruned, batch $batch" \
        --network resnet8 --batch $batch --phase finetune --pruned 0.5
    measure "ResNet-8 evaluation, batch $batch" --network resnet8 --batch $batch --phase eval
    measure "DS-CNN search, a8, size, batch $batch" --network dscnn --batch $batch
    measure "DS-CNN evaluation, batch $batch" --network dscnn --batch $batch --phase eval
done
measure "ResNet-18 (64 px) search, a8, size, batch 32" --network resnet18 --batch 32
