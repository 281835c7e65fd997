# whole_test_set.sh PROGRAM RUN [ID ...]: points of a run (all finished ones when none is named) on all images of the
# test split: accuracy of the fake-quantised network and of the integers, how often both tell the same class, how many
# images the exported C program has the engine's logits for, and, where node finds onnxruntime-node, for how many images
# the exported ONNX network tells the class of the integers, with every image of which it does not and the gap between
# both logits. That is found after
#   npm install --ignore-scripts --prefix FOLDER onnxruntime-node@1.17.0 && export NODE_PATH=FOLDER/node_modules
# Exit code 1: a logit of C differs, or fewer than 99.9 % of the classes agree; 77: no numpy or no C compiler.
set -u
program=$(realpath "$1")
run=$2
shift 2
work=$(mktemp -d "${TMPDIR:-/tmp}/bitfront_whole_XXXXXX")
trap 'rm -rf "$work"' EXIT
python=""
for candidate in python3 /usr/bin/python3; do
    [ -z "$python" ] && "$candidate" -c 'import numpy' 2> /dev/null && python=$candidate
done
[ -n "$python" ] && command -v cc > /dev/null || { echo "skipped: no numpy, or no C compiler"; exit 77; }
runtime=""
command -v node > /dev/null && node -e 'require("onnxruntime-node")' 2> /dev/null && runtime=node
cat > "$work/all.c" <<'C'
#include <stdio.h>
#include <string.h>

#include "net.h"

int main(int count, char **names)
{
    FILE *images = fopen(names[count - 2], "rb"), *logits = fopen(names[count - 1], "rb");
    static unsigned char image[NET_SAMPLES];
    int32_t wanted[NET_CLASSES], found[NET_CLASSES];
    long all = 0, same = 0;
    while (fread(image, sizeof image, 1, images) == 1 && fread(wanted, sizeof wanted, 1, logits) == 1) {
        net_run(image, found);
        all++;
        same += memcmp(wanted, found, sizeof wanted) == 0;
    }
    printf("%ld/%ld\n", same, all);
    return same != all || all == 0;
}
C
[ $# -gt 0 ] || set -- $("$program" list "$run" | awk '$3 == "done" && !/warm-up/ { print $1 }')
percent() { awk -v line="$1" 'index($0, line) == 1 { print substr($0, 25, 8) + 0 }' "$work/eval"; }
failed=0
printf '%5s %16s %9s %12s %14s   %s\n' \
    point "fake-quantised %" "integer %" "same class %" "logits of C" "classes of ONNX"
for id in "$@"; do
    rm -rf "$work/c" "$work/npz" "$work/onnx"
    "$program" eval "$run" --point "$id" --integer > "$work/eval" || exit 1
    images=$(awk '/test images of/ { print $1 }' "$work/eval")
    "$program" export "$run" --point "$id" --format c --out "$work/c" > /dev/null || exit 1
    "$program" export "$run" --point "$id" --format npz --images "$images" --out "$work/npz" > /dev/null || exit 1
    shape=$("$python" -c "
import json, numpy
file = numpy.load('$work/npz/network.npz')
graph, images = json.loads(bytes(file['graph'])), file['@test/images']
images.tofile('$work/images.bin')
file['@test/logits'].tofile('$work/logits.bin')
print(*images.shape, graph['classes'], graph['logit_step'])")
    cc -std=c99 -O2 -I"$work/c" "$work/all.c" "$work/c/net.c" "$work/c/int_kernels.c" -o "$work/all" || exit 1
    inc=$("$work/all" "$work/images.bin" "$work/logits.bin") || failed=1
    onnx="-"
    if [ -n "$runtime" ] && "$program" export "$run" --point "$id" --format onnx --out "$work/onnx" > /dev/null; then
        onnx=$($runtime tests/support/onnx_run.js "$work/onnx/network.onnx" "$work/images.bin" \
            "$work/logits.bin" $shape |
            tr '\n' ' ') || failed=1
    fi
    printf '%5s %16s %9s %12s %14s   %s\n' "$id" "$(percent fake-quantised)" "$(percent integer)" \
        "$(percent 'same class')" "$inc" "$onnx"
    awk -v same="$(percent 'same class')" 'BEGIN { exit !(same >= 99.9) }' || failed=1
done
exit $failed
