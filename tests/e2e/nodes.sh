# Ranks that would not compute the same are found before any work: another build, other mathematical functions, another
# data set, each named with its node.
. tests/support/e2e.sh
small_sweep "$work/small.cfg"
cd "$work" || exit 1

# both COMMAND1 -- COMMAND2: rank 0 and rank 1
both() {
    local first=()
    while [ "$1" != -- ]; do first+=("$1"); shift; done
    shift
    timeout 100 mpirun -q --oversubscribe $nodes -n 1 $on_first "${first[@]}" : -n 1 $on_second "$@" > "$work/out" 2>&1
    code=$?
}
nodes= on_first= on_second=
sweep="sweep small.cfg --out run -q --set seeds=[1]"

# ---- the same program ----
both "$program" $sweep -- "$program" $sweep
check "two equal ranks work" test "$code" = 0
rm -rf run

# ---- another build: one digit of the checksum that the linker has put into the program ----
id=$(readelf -n "$program" 2> /dev/null | sed -n 's/.*Build ID: //p' | head -1)
place=
[ -n "$id" ] && place=$(LC_ALL=C grep -obUaP "$(sed 's/../\\x&/g' <<< "$id")" "$program" | head -1 | cut -d: -f1)
if [ -n "$place" ]; then
    cp "$program" other
    digit=01
    [ "${id:0:2}" = 01 ] && digit=02
    printf "\\x$digit" | dd of=other bs=1 seek="$place" conv=notrunc 2> /dev/null
    both "$program" $sweep -- ./other $sweep
    expect 2 "the nodes run different builds of bitfront" "another build"
    check "both builds are named" grep -q "build $digit${id:2:14}.*build ${id:0:16}" out
    check "nothing was begun" test ! -e run
else
    echo "skipped: the program has no build id that readelf shows"
fi

# ---- other mathematical functions ----
cat > exp.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
double nextafter(double, double);
double exp(double x)
{
    static double (*next)(double);
    if (next == 0) *(void **)&next = dlsym(RTLD_NEXT, "exp");
    return x > 3 && x < 4 ? nextafter(next(x), 100) : next(x);
}
C
if cc -shared -fPIC -fno-builtin -o exp.so exp.c -ldl -lm 2> out; then
    both "$program" $sweep -- env LD_PRELOAD="$work/exp.so" "$program" $sweep
    expect 2 "the mathematical functions of the nodes differ" "another last bit of exp"
    check "nothing was begun" test ! -e run
else
    echo "skipped: no C compiler"
fi

# ---- another data set: two nodes that are this machine under two names; the second may see another file ----
if ! unshare --uts --mount true 2> /dev/null; then
    echo "skipped: no right to make a node with a name and files of its own"
    finish
fi
mkdir other_files
"$program" prepare synthetic -o other_files/data.h5 --seed 8 --train 256 --validation 64 --test 64 > out
cat > agent << 'C'
#!/bin/bash
# As ssh would: agent HOST COMMAND...
cd "$(dirname "$0")" || exit 1
host=$1
shift
exec unshare --uts --mount bash -c '
    hostname "$0"
    if [ "$0" = bftwo ] && [ -e second_differs ]; then mount --bind other_files/data.h5 data.h5; fi
    exec bash -c "$1"' "$host" "$*"
C
chmod +x agent
nodes="--mca plm rsh --mca plm_rsh_agent $work/agent --mca btl tcp,self --mca btl_tcp_if_include lo
    --mca oob_tcp_if_include lo"
on_first="--host bfone" on_second="--host bftwo"
both "$program" $sweep -- "$program" $sweep
if [ $code != 0 ]; then
    echo "skipped: Open MPI does not start on two names of this machine: $(head -c 300 out)"
    finish
fi
echo "ok: two nodes with the same data work"
rm -rf run
touch second_differs
both "$program" $sweep -- "$program" $sweep
expect 2 "is not the same on all nodes" "another data set on the second node"
check "both nodes are named" grep -q "on bftwo, .* on bfone (rank 0)" out
check "nothing was begun" test ! -e run/tasks
finish
