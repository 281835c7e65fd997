# instructions.sh PROGRAM RUN [ID ...]: what the exported C program executes for one image, beside what cost models say:
# a line for each point (all finished ones when none is named). Counted by valgrind, compiled with -O2 as it is, and
# without vectors (-fno-tree-vectorize), as a small processor would do it. Exit code 77 without valgrind or a C
# compiler.
set -u
program=$(realpath "$1")
run=$2
shift 2
command -v valgrind > /dev/null && command -v cc > /dev/null ||
    { echo "skipped: no valgrind, or no C compiler"; exit 77; }
work=$(mktemp -d "${TMPDIR:-/tmp}/bitfront_instructions_XXXXXX")
trap 'rm -rf "$work"' EXIT
cat > "$work/one.c" <<'C'
#include "net.h"
static unsigned char image[NET_SAMPLES];
int main(void)
{
    int32_t logits[NET_CLASSES];
    for (int i = 0; i < NET_SAMPLES; i++) image[i] = (unsigned char)(i * 37);
    net_run(image, logits);
    return 0;
}
C
count() { # count FLAGS...: instructions of net_run in the folder c
    (cd "$work/c" && cc -O2 -g "$@" -I. ../one.c net.c int_kernels.c -o one &&
        valgrind --tool=callgrind --toggle-collect=net_run --callgrind-out-file=/dev/null ./one 2>&1 |
        awk '/Collected/ { print $NF }')
}
cost() { # cost MODEL
    awk -v model="$1" '/^total/ { on = 1 } on && $1 == model { print $2 }' "$work/cost"
}
[ $# -gt 0 ] || set -- $("$program" list "$run" | awk '$3 == "done" && !/warm-up/ { print $1 }')
printf '%5s %12s %10s %14s %14s %12s %12s\n' \
    point "size (bits)" MACs instructions "without SIMD" "mpic (cyc.)" "ne16 (cyc.)"
for id in "$@"; do
    rm -rf "$work/c"
    "$program" export "$run" --point "$id" --format c --out "$work/c" --images 1 > /dev/null || exit 1
    "$program" cost "$run" --point "$id" > "$work/cost" || exit 1
    printf '%5s %12s %10s %14s %14s %12.0f %12s\n' "$id" "$(cost size)" "$(cost macs)" "$(count)" \
        "$(count -fno-tree-vectorize)" "$(cost mpic)" "$(cost ne16)"
done
