# c_speed.sh BUILD [NETWORK [TURNS]]: the exported C program beside plain loops in float (float_kernels.c), with the
# same compiler and flags: milliseconds of computing for an image, medians of TURNS turns in which both run one behind
# the other, and the median of the ratios of the turns. Random weights of 8, 4 and 2 bit; both tell the same class, so
# that it is the same network. CC, FLAGS (default: "-O2" and "-O3" one after the other). Exit code 77 without a C
# compiler.
set -u
build=$1
network=${2:-configs/networks/resnet8.cfg}
turns=${3:-15}
cc=${CC:-cc}
command -v "$cc" > /dev/null || { echo "skipped: no C compiler"; exit 77; }
work=$(mktemp -d "${TMPDIR:-/tmp}/bitfront_c_speed_XXXXXX")
trap 'rm -rf "$work"' EXIT
here=$(dirname "$0")
cat > "$work/time.c" <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "net.h"

enum { IMAGES = 8 };

/* Seconds of computing for an image, and the classes of some. */
int main(int count, char **repeats)
{
    static unsigned char images[IMAGES][NET_SAMPLES];
    int i, repeat, all = count > 1 ? atoi(repeats[1]) : 1;
    int32_t logits[NET_CLASSES];
    clock_t start;
    srand(1);
    for (i = 0; i < IMAGES * NET_SAMPLES; i++) images[i / NET_SAMPLES][i % NET_SAMPLES] = (unsigned char)(rand() >> 8);
    net_run(images[0], logits);
    start = clock();
    for (repeat = 0; repeat < all; repeat++) net_run(images[repeat % IMAGES], logits);
    printf("%.4f", 1e3 * (double)(clock() - start) / CLOCKS_PER_SEC / all);
    for (i = 0; i < IMAGES; i++) printf(" %d", net_class(images[i]));
    printf("\n");
    return 0;
}
C
printf '%-8s %5s %12s %12s %22s %12s\n' flags bits "exported ms" "float ms" "float over exported" "same class"
for bits in 8 4 2; do
    "$build/tests/random_export" "$work" "$network" $bits > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
    c=$work/$bits/c
    sed -e 's/int_\(input\|conv\|add\|pool\|output\)_run/float_\1_run/; s/memory\.bytes/memory/g' \
        -e '/^static union/,/^} memory;/c static float memory[NET_RAM_BYTES];' \
        -e 's/#include "int_kernels.h"/&\
void float_input_run(const int_input *l, float *out, const uint8_t *samples);\
void float_conv_run(const int_conv *l, float *out, const float *in);\
void float_add_run(const int_add *l, float *out, const float *a, const float *b);\
void float_pool_run(const int_pool *l, float *out, const float *in);\
void float_output_run(const int_output *l, int32_t *logits, const float *in);/' "$c/net.c" > "$c/float_net.c"
    for flags in ${FLAGS:--O2 -O3}; do
        "$cc" -std=c99 $flags -I"$c" "$work/time.c" "$c/net.c" "$c/int_kernels.c" -o "$work/exported" &&
            "$cc" -std=c99 $flags -I"$c" "$work/time.c" "$c/float_net.c" "$here/float_kernels.c" -o "$work/float" ||
            exit 1
        for ((t = 0; t < turns; t++)); do
            echo "$("$work/exported" 40) : $("$work/float" 40)"
        done > "$work/turns"
        median() { sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
        exported=$(awk '{ print $1 }' "$work/turns" | median)
        float=$(awk -F' : ' '{ split($2, a, " "); print a[1] }' "$work/turns" | median)
        ratio=$(awk -F' : ' '{ split($1, a, " "); split($2, b, " "); print b[1] / a[1] }' "$work/turns" | median)
        same=$(awk -F' : ' 'NR == 1 { n = split($1, a, " "); split($2, b, " ");
            for (i = 2; i <= n; i++) same += a[i] == b[i]; print same "/" n - 1 }' "$work/turns")
        printf '%-8s %5s %12.2f %12.2f %22.2f %12s\n' "$flags" $bits "$exported" "$float" "$ratio" "$same"
        [ "${same%/*}" = "${same#*/}" ] || { echo "not the same network"; exit 1; }
    done
done
