# The checks that are built in: of addresses everywhere, of undefined behaviour everywhere but in the kernels of an
# instruction set (core/kernels/CMakeLists.txt).
#   bash tests/sanitizers.sh BUILD_DIR
build=$1
wrong=0
has() { nm "$1" | grep -q " U $2"; }
demand() { # demand yes|no FILE "symbols"
    local found=no
    [ -f "$2" ] || { echo "NOT OK: $2 is not there"; wrong=1; return; }
    has "$2" "$3" && found=yes
    [ $found = "$1" ] || { echo "NOT OK: $2: calls of $3: $found"; wrong=1; }
}
objects=core/kernels/CMakeFiles
kernels=$(cd "$build/$objects" && ls -d core_kernels_*.dir | grep -v double | xargs)
for folder in $kernels; do
    demand yes "$build/$objects/$folder/dropout.c.o" __asan_report
    demand no "$build/$objects/$folder/dropout.c.o" __ubsan
done
demand yes "$build/$objects/core_kernels.dir/eigen.c.o" __asan_report
demand yes "$build/$objects/core_kernels.dir/eigen.c.o" __ubsan
demand yes "$build/CMakeFiles/core_base.dir/core/base/number.c.o" __ubsan
[ -n "$kernels" ] && [ $wrong = 0 ] && echo "ok: sanitizers of $kernels"
