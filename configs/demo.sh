#!/bin/bash
# From a fresh Debian 12 to a Pareto front: installs what is missing, builds, makes the data, runs configs/demo.cfg on
# all cores, prints the front. May be stopped and started again at any time. Arguments are passed to the sweep.
set -eu
cd "$(dirname "$0")/.."
. configs/packages.sh
install_packages

cmake --preset release -DBUILD_TESTING=OFF > build-demo.tmp 2>&1 || { cat build-demo.tmp; exit 1; }
cmake --build --preset release --target bitfront >> build-demo.tmp 2>&1 || { cat build-demo.tmp; exit 1; }
rm -f build-demo.tmp
echo "built: $(build/bitfront --version | head -1)"

data=data/synthetic.h5
run=results/runs/demo
# More images to judge by than usual: of half a per cent, differences are more than chance.
[ -e $data ] || build/bitfront prepare synthetic --validation 4000 --test 8000 -o $data

# One rank coordinates and sleeps; the others take a core each.
cores=$(nproc)
code=0
mpirun -q -n $((cores + 1)) --oversubscribe build/bitfront sweep configs/demo.cfg --out $run "$@" || code=$?
[ $code = 0 ] || [ $code = 1 ] || exit $code

build/bitfront front $run
echo
echo "the best point within 8 kB:"
build/bitfront best $run --max size=8kB || true
build/bitfront report $run
exit $code
