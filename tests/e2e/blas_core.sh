# Only what computes with OpenBLAS loads it, in one thread and with the kernels of this processor, and says what is in
# use. A stand-in plays an OpenBLAS that does not know the processor and obeys OPENBLAS_CORETYPE.
. tests/support/e2e.sh

small_sweep "$work/small.cfg"
cd "$work" || exit 1

# 220 MB of address space are not enough for OpenBLAS with a thread for every core.
"$program" sweep small.cfg --out done -q > out 2>&1 || exit 1
for words in --help --version "plan small.cfg" "status here" "status done" "front done" "list done" "check done" \
    "check data.h5" \
    "best done" "show done --point 3" "cost done --point 3" "report done -o page.html" "merge merged done done"; do
    timeout -k 1 20 bash -c "ulimit -v 220000; exec \"\$@\"" _ "$program" $words > out 2>&1
    code=$?
    expected=0
    [ "$words" = "status here" ] && expected=2
    check "$words needs little address space" test "$code" = "$expected"
    LD_DEBUG=files "$program" $words > out 2> loaded
    check "$words does not load OpenBLAS" test "$(grep -c openblas loaded)" = 0
    check "$words has one thread and is started once" test "$(grep -c "^ *[0-9]*:.*initialize program: " loaded)" = 1
    check "that would have been seen" grep -q libhdf5 loaded
done
alone sweep small.cfg --out run -q --set 'sweep=({strategy="fixed";bits=[8];})' --set 'seeds=[1]'
check "a sweep without OpenBLAS says so" grep -aq "not used" run/results.h5

if ! grep -q avx2 /proc/cpuinfo; then
    echo "skipped: this processor has no faster kernels to choose"
    finish
fi
mkdir old wrong
cat > old.c <<'C'
#include <stdlib.h>
static const char *core, *threads;
__attribute__((constructor)) static void choose(void)
{
    core = getenv("OPENBLAS_CORETYPE");
    threads = getenv("OPENBLAS_NUM_THREADS");
}
const char *openblas_get_config(void) { return "OpenBLAS 0.0.0 DYNAMIC_ARCH"; }
const char *openblas_get_corename(void)
{
    if (threads == NULL || threads[0] != '1') return "too many threads";
    return core != NULL ? core : "Prescott";
}
void cblas_sgemm(void) {}
void cblas_dgemm(void) {}
void dsyev_(void) {}
C
if ! cc -shared -fPIC -o old/libopenblas.so.0 old.c 2> out; then
    echo "skipped: no C compiler for the stand-in"
    finish
fi
echo "no library" > wrong/libopenblas.so.0
cp wrong/libopenblas.so.0 wrong/libopenblas.so
faster=HASWELL
grep -q avx512bw /proc/cpuinfo && faster=SKYLAKEX

cd "$root" || exit 1

with() { LD_LIBRARY_PATH=$work/$1 "${@:2}" > "$work/out" 2>&1; code=$?; }
kernels="$program bench kernels --network digits8 --batch 2"
with old $kernels
check "an unknown processor gets its kernels" \
    grep -qF "sgemm of OpenBLAS 0.0.0 ($faster instead of Prescott)" "$work/out"
check "nothing to warn of" test "$(grep -c "slower than this processor" "$work/out")" = 0
OPENBLAS_CORETYPE=Prescott OPENBLAS_NUM_THREADS=4 with old $kernels
check "the user's choice stays" grep -qF "OpenBLAS 0.0.0 (Prescott)" "$work/out"
check "and is warned of" grep -qF "OPENBLAS_CORETYPE is set to Prescott; unset it" "$work/out"
with old mpirun -q --oversubscribe -n 2 "$program" bench step --network digits8 --batch 16 --seconds 0.1 --json
check "it works under mpirun" grep -qF "\"ranks\": 2, " "$work/out"
check "and says so in JSON" grep -qF "($faster instead of Prescott)" "$work/out"
with wrong $kernels
expect 3 "install the package libopenblas0" "a library that cannot be loaded"
with installed $kernels
check "the installed library is used as well as it can" test "$(grep -c "slower than this processor" "$work/out")" = 0
finish
