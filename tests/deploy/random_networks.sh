# random_networks.sh PATH/random_export [COUNT]: random networks with all kinds of layers, precisions and scales (1,000
# when no COUNT is given), each run by the engine, by the exported C program, and by numpy from the exported arrays:
# equal logits bit for bit, and no bound that was proved is exceeded (numpy looks at every sum and code). One line
# at the end; exit code 77 without numpy or a C compiler.
set -u
program=$(realpath "$1")
count=${2:-1000}
work=$(mktemp -d "${TMPDIR:-/tmp}/bitfront_random_XXXXXX")
trap 'rm -rf "$work"' EXIT
python=""
for candidate in python3 /usr/bin/python3; do
    [ -z "$python" ] && "$candidate" -c 'import numpy' 2> /dev/null && python=$candidate
done
if [ -z "$python" ] || ! command -v cc > /dev/null; then
    echo "skipped: no numpy, or no C compiler"
    exit 77
fi

cat > "$work/compare.py" <<'PYTHON'
import glob, importlib.util, os, sys
spec = importlib.util.spec_from_file_location("reader", "results/examples/run_integer_network.py")
reader = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reader)
wrong = 0
for path in glob.glob(os.path.join(sys.argv[1], "*/npz/network.npz")):
    graph, layers = reader.load(path)
    try: # the reader asserts every bound
        same = (reader.run(graph, layers, layers["@test"]["images"]) == layers["@test"]["logits"]).all()
    except AssertionError as e:
        same = False
        print("a bound is exceeded in layer", e)
    if not same:
        print("numpy has other logits:", path)
        wrong += 1
sys.exit(wrong != 0)
PYTHON

failed=0
part=50 # so many at a time are on the disk
for ((first = 0; first < count; first += part)); do
    now=$((count - first < part ? count - first : part))
    mkdir "$work/now"
    "$program" "$work/now" $first $now > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
    [ -e "$work/int_kernels.o" ] ||
        cc -std=c99 -O2 -c "$work/now/$first/c/int_kernels.c" -o "$work/int_kernels.o" || exit 1
    for ((k = first; k < first + now; k++)); do
        if ! (cd "$work/now/$k/c" && cc -std=c99 -O0 selftest.c net.c "$work/int_kernels.o" -o selftest && ./selftest) \
            > "$work/log" 2>&1; then
            echo "NOT OK: network $k in C"
            cat "$work/log"
            failed=$((failed + 1))
        fi
    done
    "$python" "$work/compare.py" "$work/now" || failed=$((failed + 1))
    rm -rf "$work/now"
done
echo "$count random networks by the engine, in C and by numpy: $failed failures"
[ $failed = 0 ]
