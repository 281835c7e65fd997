# From a point to a C program: exported, compiled for the host without a warning, and for RISC-V and Cortex-M4 where
# their compilers are installed; the self-test of all test images has the engine's logits bit by bit.
. tests/support/e2e.sh
small_sweep "$work/small.cfg"
strict=(-std=c99 -O2 -Wall -Wextra -Werror -pedantic)

run 2 sweep "$work/small.cfg" --out "$work/run" --set 'seeds=[1]'
expect 0 "4 tasks done, 0 failed" "a sweep"
run 2 sweep "$work/small.cfg" --out "$work/kept" --set 'seeds=[1]' --set 'quantizer.batchnorm="kept"' \
    --set 'quantizer.before_add="signed"' --set 'quantizer.rounding="nearest"' \
    --set 'quantizer.weight_step_2="learned"' \
    --set 'sweep=({strategy="joint"; cost_model="size"; strengths=[5.0];}, {strategy="fixed"; bits=[3];})'
expect 0 "3 tasks done, 0 failed" "a sweep with kept batch-norm and signed branches"

compile_host() { # compile_host DIR
    (cd "$1" && cc "${strict[@]}" selftest.c net.c int_kernels.c -o selftest)
}

has_float() { # has_float OBJECT: does it call or hold floating point?
    nm "$1" | grep -qE '__(add|sub|mul|div|fix|float|extend|trunc)[a-z]*[sd]f|__aeabi_[df]' ||
        objdump -d "$1" | grep -qE 'xmm|fadd|fmul'
}

for point in run/2 run/3 run/4 kept/2 kept/3; do
    dir=$work/c-${point/\//-}
    alone export "$work/${point%/*}" --point "${point#*/}" --format c --out "$dir" --images 64
    expect 0 "bytes of memory" "$point is exported"
    check "$point compiles without a warning" compile_host "$dir"
    check "$point: all logits are those of the engine" grep -q "^64 of 64 images" <("$dir/selftest")
    bits=$("$program" cost "$work/${point%/*}" --point "${point#*/}" --model size |
        awk '/^total/ { on = 1 } on && $1 == "size" { print $2 }')
    check "$point: weights have the bits of the size model" grep -q ": $bits bits at their precisions" "$work/out"
    # Groups that are pruned as a whole keep a channel of zeros, which the model does not count.
    [ $point = kept/2 ] && continue
    ram=$("$program" cost "$work/${point%/*}" --point "${point#*/}" --model ram |
        awk '/^total/ { on = 1 } on && $1 == "ram" { print $2 }')
    check "$point: activations take the bytes of the ram model" grep -q "activations *$ram bytes" "$work/out"
    check "$point: and so do all variables of the program" test "$(cd "$work" && cc -std=c99 -O2 -fno-pie -c \
        "$dir/net.c" "$dir/int_kernels.c" && size net.o int_kernels.o |
        awk 'NR > 1 { sum += $2 + $3 } END { print sum }')" = "$ram"
done
check "the program has no floating point" \
    test -z "$(grep -lE 'float|double' "$work"/c-run-2/{net.h,net.c,weights.h,int_kernels.c})"
check "nothing but 7 files and the self-test" test "$(ls "$work/c-run-2" | wc -l)" = 8
check "a wrong weight is noticed" bash -c "cd '$work/c-run-2' &&
    sed 's/_bias\[8\] = {/&\n7 +/' weights.h > w && mv w weights.h &&
    cc -std=c99 selftest.c net.c int_kernels.c -o changed && ! ./changed"

# ---- other processors: the whole program without operating system, run by qemu where that is there ----
cat > "$work/start.c" <<'START'
int main(void);
void _start(void)
{
#ifdef __riscv
    register int a0 __asm__("a0") = main();
    register int a7 __asm__("a7") = 93;
    __asm__ volatile("ecall" : : "r"(a0), "r"(a7));
#else
    __asm__ volatile("mov r0, %0\n\tmov r7, #1\n\tsvc 0" : : "r"(main()) : "r0");
#endif
    for (;;) {
    }
}
START
cross() { # cross NAME COMPILER QEMU FLAGS...
    local name=$1 compiler=$2 emulator=$3
    shift 3
    if ! command -v "$compiler" > /dev/null; then
        echo "skipped: no $compiler for $name"
        return
    fi
    for file in net int_kernels selftest; do
        check "$name: $file.c compiles without a warning" "$compiler" "${strict[@]}" -DSILENT "$@" -c \
            "$work/c-kept-2/$file.c" -o "$work/$name-$file.o"
    done
    check "$name: the program links" "$compiler" -DSILENT -fomit-frame-pointer "$@" -nostartfiles "$work/start.c" \
        "$work/$name"-{net,int_kernels,selftest}.o -o "$work/$name"
    if ! command -v ${emulator%% *} > /dev/null; then
        echo "skipped: no $emulator to run the program for $name"
        return
    fi
    check "$name: all logits are those of the engine" timeout 60 $emulator "$work/$name"
}
# net.h promises a stack of less than 3000 bytes: the largest function, and all smaller ones that are not layers.
stack() { # stack NAME COMPILER FLAGS...
    local name=$1
    shift
    command -v "$1" > /dev/null || return 0
    for level in -O2 -O3 -Os; do
        check "$name: the stack of net.h, $level" bash -c '
            work=$1 && shift && "$@" -fstack-usage -c "$work/c-kept-2/int_kernels.c" -o "$work/stack.o" &&
            awk -F "\t" "/run/ { if (\$2 > most) most = \$2; next } { rest += \$2 }
                END { print most + rest; exit !(NR > 0 && most + rest < 2900) }" "$work/stack.su"' \
            stack "$work" "$@" -std=c99 $level
    done
}
stack host cc
stack rv32imc riscv64-unknown-elf-gcc -march=rv32imc -mabi=ilp32 --specs=picolibc.specs
stack cortex-m4 arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb
cross rv32imc riscv64-unknown-elf-gcc qemu-riscv32 -march=rv32imc -mabi=ilp32 --specs=picolibc.specs \
    -Wl,--defsym=__flash=0x100000,--defsym=__flash_size=8M,--defsym=__ram=0x1000000,--defsym=__ram_size=1M
cross cortex-m4 arm-none-eabi-gcc "qemu-arm -R 0" -mcpu=cortex-m4 -mthumb # qemu runs it as a larger processor

# ---- what is refused ----
alone export "$work/run" --point 2 --format c --out "$work/c-run-2"
expect 2 "is there already" "a folder that is there"
alone export "$work/run" --point 2 --format tflite --out "$work/new"
expect 2 "known: c" "an unknown format"
alone export "$work/run" --point 2 --format c
expect 2 "--out" "no folder"
alone export "$work/run" --format c --out "$work/new"
expect 2 "--point best" "no point"
alone export "$work/run" --point 1 --format c --out "$work/new"
expect 2 "is in float" "a warm-up"
alone export "$work/run" --point 77 --format c --out "$work/new"
expect 2 "has no task" "an unknown point"
alone export "$work/run" --point 2 --format c --out /proc/nowhere
expect 3 "/proc/nowhere" "a folder that cannot be made"
cat > "$work/small_network.cfg" << 'NETWORK' # the sum of two layers is the output: it has no grid
name = "unexpressed";
classes = 10;
input = { channels = 3; height = 32; width = 32; signed = false; clip = 1.0; };
init = "he_normal";
layers = (
    { name = "first"; type = "conv"; input = "image"; out = 8; kernel = 3; stride = 4; padding = 1; batchnorm = true;
      relu = true; },
    { name = "one"; type = "conv"; input = "first"; out = 10; kernel = 1; bias = true; },
    { name = "other"; type = "conv"; input = "first"; out = 10; kernel = 3; padding = 1; bias = true; },
    { name = "ending"; type = "add"; inputs = ["one", "other"]; },
    { name = "pool"; type = "global_pool"; },
    { name = "flat"; type = "flatten"; }
);
NETWORK
run 1 sweep "$work/small.cfg" --out "$work/unexpressed" --set 'seeds=[1]' --set 'sweep=({strategy="fixed"; bits=[8];})'
expect 0 "2 tasks done, 0 failed" "a sweep of a network that has no integers"
alone show "$work/unexpressed" --point 2
expect 0 "layer ending adds values in front of the output" "a point tells why it has no integers"
for format in c onnx npz h5; do
    alone export "$work/unexpressed" --point 2 --format $format --out "$work/new-$format"
    grep -q "cannot write onnx" "$work/out" && continue # not in this build
    expect 2 "layer ending adds values in front of the output" "a layer without integers as $format"
done
check "nothing is left of what was refused" test -z "$(ls -d "$work"/new* "$work"/*.tmp-* 2> /dev/null)"
if [ "$(id -u)" = 0 ] && mkdir "$work/full" && mount -t tmpfs -o size=64k none "$work/full" 2> /dev/null; then
    alone export "$work/run" --point 2 --format c --out "$work/full/c"
    expect 3 "No space left" "a full disk"
    check "nothing is left on it" test -z "$(ls "$work/full")"
else
    echo "skipped: no small file system can be mounted here"
fi
finish
