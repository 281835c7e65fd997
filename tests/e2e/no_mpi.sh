# Without MPI the program builds, and everything works but sweep and bench, which say why. Compiles into a scratch
# folder, through ccache if there is one; or takes the program that the variable BITFRONT_WITHOUT_MPI names, which
# whoever sets it has just built (tests/run.sh).
. tests/support/e2e.sh

build_without_mpi() {
    command -v cmake > /dev/null || { echo "skipped: no cmake"; exit 77; }
    local options=()
    command -v ccache > /dev/null && options+=(-DCMAKE_C_COMPILER_LAUNCHER=ccache)
    command -v ninja > /dev/null && options+=(-GNinja)
    cmake -S "$root" -B "$work/build" "${options[@]}" -DBITFRONT_MPI=OFF -DBUILD_TESTING=OFF \
        -DCMAKE_BUILD_TYPE=Release > "$work/out" 2>&1
    code=$?
    check "it configures" test "$code" = 0
    cmake --build "$work/build" --target bitfront -j "$(nproc)" > "$work/out" 2>&1
    code=$?
    check "it builds" test "$code" = 0
}

small_sweep "$work/small.cfg"
alone sweep "$work/small.cfg" --out "$work/run" -q
check "a run to look at" test "$code" = 0
with_mpi=$program
program=${BITFRONT_WITHOUT_MPI:-}
[ -n "$program" ] || { build_without_mpi; program=$work/build/bitfront; }
check "it is linked without MPI" test "$(ldd "$program" | grep -c libmpi)" = 0

for words in "plan $work/small.cfg" "plan $work/small.cfg --simulate ranks=4 --json" "front $work/run" \
    "check $work/run" \
    "check $work/data.h5" "status $work/run" "cost $root/configs/networks/resnet8.cfg" "cost $work/run --point 3" \
    "merge $work/merged $work/run $work/run" \
    "prepare synthetic -o $work/new.h5 --train 64 --validation 32 --test 32"; do
    "$with_mpi" $words > "$work/expected" 2>&1
    rm -rf "$work/merged" "$work/new.h5"
    alone $words
    check "$words: exit code 0" test "$code" = 0
    sed -i 's/done [0-9]* s ago/done just now/' "$work/out" "$work/expected"
    check "$words: prints the same" cmp "$work/out" "$work/expected"
    rm -rf "$work/merged" "$work/new.h5"
done
alone --version
check "--version says that there is no MPI" grep -q "MPI  *none" "$work/out"
for words in "sweep $work/small.cfg" "bench kernels" "bench --help"; do
    alone $words
    expect 2 "this build of bitfront has no MPI" "$words"
done
finish
