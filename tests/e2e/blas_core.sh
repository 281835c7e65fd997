# The program helps OpenBLAS to the kernels of this processor, once, and says what is in use. A preloaded library plays an
# OpenBLAS that does not know the processor and obeys OPENBLAS_CORETYPE.
. tests/support/e2e.sh

if ! grep -q avx2 /proc/cpuinfo; then
    echo "skipped: this processor has no faster kernels to choose"
    exit 77
fi
cat > "$work/old.c" <<'C'
#include <stdlib.h>
char *openblas_get_config(void) { return "OpenBLAS 0.0.0 DYNAMIC_ARCH"; }
char *openblas_get_corename(void)
{
    char *told = getenv("OPENBLAS_CORETYPE");
    return told == NULL ? "Prescott" : told;
}
C
if ! cc -shared -fPIC -o "$work/old.so" "$work/old.c" 2> "$work/out"; then
    echo "skipped: no C compiler for the stand-in"
    exit 77
fi
unset OPENBLAS_CORETYPE
faster=HASWELL
grep -q avx512bw /proc/cpuinfo && faster=SKYLAKEX

old() { LD_PRELOAD=$work/old.so "$@" > "$work/out" 2>&1; code=$?; }
old "$program" --version
check "an unknown processor gets its kernels" grep -qF "BLAS      OpenBLAS 0.0.0 ($faster instead of Prescott)" "$work/out"
check "nothing to warn of" test "$(grep -c "slower than this processor" "$work/out")" = 0
OPENBLAS_CORETYPE=Prescott old "$program" --version
check "the user's choice stays" grep -qF "BLAS      OpenBLAS 0.0.0 (Prescott)" "$work/out"
check "and is warned of" grep -qF "OPENBLAS_CORETYPE is set to Prescott; unset it" "$work/out"
old "$program" front "a directory that is not there"
check "arguments and exit code survive the second start" test "$code" = 2
check "with blanks in them" grep -qF "a directory that is not there" "$work/out"
old mpirun -q --oversubscribe -n 2 "$program" bench step --network digits8 --batch 16 --seconds 0.1 --json
check "it works under mpirun" grep -qF "\"ranks\": 2, " "$work/out"
check "and says so in JSON" grep -qF "($faster instead of Prescott)" "$work/out"
"$program" --version > "$work/out"
check "the installed library is used as well as it can" test "$(grep -c "slower than this processor" "$work/out")" = 0
finish
