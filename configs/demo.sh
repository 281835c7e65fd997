#!/bin/bash
# To a Pareto front in one command. In a clone: installs what is missing, builds, makes the data, runs configs/demo.cfg
# on all cores. Of an installed bitfront: the same in the current directory, without building. Prints the front, the
# best point within 8 kB, and what to do next. May be stopped and started again at any time. Arguments are passed to the
# sweep.
set -eu
folder=$(cd "$(dirname "$0")" && pwd)
if [ -e "$folder/../CMakeLists.txt" ]; then
    cd "$folder/.."
    . configs/packages.sh
    install_packages
    cmake --preset release -DBUILD_TESTING=OFF > build-demo.tmp 2>&1 || { cat build-demo.tmp; exit 1; }
    cmake --build --preset release --target bitfront >> build-demo.tmp 2>&1 || { cat build-demo.tmp; exit 1; }
    rm -f build-demo.tmp
    echo "built: $(build/bitfront --version | head -1)"
    bitfront=build/bitfront config=configs/demo.cfg
else
    command -v bitfront > /dev/null || { echo "bitfront is not in the PATH" >&2; exit 3; }
    bitfront=bitfront config=demo
fi
data=data/synthetic.h5
run=results/runs/demo
# More images to judge by than usual: of half a per cent, differences are more than chance.
[ -e $data ] || $bitfront prepare synthetic --validation 4000 --test 8000 -o $data

code=0
$bitfront-run sweep $config --out $run "$@" || code=$?
[ $code = 0 ] || [ $code = 1 ] || exit $code

$bitfront front $run
echo
echo "the best point within 8 kB:"
$bitfront best $run --max size=8kB || true
echo
$bitfront report $run
echo "the picture:  $PWD/$run/front.png"
echo "the page:     $PWD/$run/report.html"
echo "next:"
echo "  $bitfront show $run --point best --curves                    # its layers, its training"
echo "  $bitfront front $run --cost ne16 --iso fixed:w8              # in cycles, beside 8 bit everywhere"
echo "  $bitfront export $run --point best --format c --out digits   # a C program of it"
exit $code
