# The scripts of results/examples on a fresh run, where Debian's packages for them are there.
. tests/support/e2e.sh
python=/usr/bin/python3 # that of the packages
if ! $python -c 'import h5py, numpy' 2> /dev/null; then
    echo "skipped: results/examples: python3-h5py is not installed"
    exit 77
fi
has() { $python -c "import $1" 2> /dev/null || { echo "skipped: $2: python3-${1%%,*} is not installed" && false; }; }
example() { # example SCRIPT ARGUMENTS...: output in $work/out, exit code in $code
    local script=$1
    shift
    MPLCONFIGDIR=$work/matplotlib PYTHONDONTWRITEBYTECODE=1 $python "results/examples/$script" "$@" > "$work/out" 2>&1
    code=$?
}
key_of() { "$program" show "$1" --point "$2" | sed -n 's/^key *//p'; } # key_of RUN POINT
is_picture() { test "$(head -c 4 "$1" | tail -c 3)" = PNG; }

small_sweep "$work/small.cfg"
alone sweep "$work/small.cfg" --out "$work/run"
expect 0 "8 tasks done" "sweep"
key=$(key_of "$work/run" best)

# ---- a network from its file alone, for every rule of the quantisers: the codes of the export, the classes of eval
# ----
cat > "$work/codes.py" <<'EOF'
import sys

import numpy as np

sys.path.insert(0, "results/examples")
from rebuild_network import rebuild
from run_integer_network import load


def count(codes):
    return dict(zip(*(x.tolist() for x in np.unique(codes[codes != 0], return_counts=True))))


def steps(step, codes):
    return np.sort(step[(codes != 0).reshape(-1, len(step)).any(0)].astype(np.float32))


ours, theirs = rebuild(sys.argv[1]), load(sys.argv[2])[1]
for name in (name for name, l in ours.items() if "codes" in l):
    # channels are ordered differently there, and what is pruned is gone
    a, b = ours[name], theirs[name]
    print(name, "has the codes" if count(a["codes"]) == count(b["codes"]) else "DIFFERS")
    same = np.array_equal(steps(a["step"], a["codes"]), steps(b["weight_step"], np.moveaxis(b["codes"], 0, -1)))
    print(name, "has the steps" if same else "HAS OTHER STEPS")
EOF
rebuilds() { # rebuilds RUN POINT NAME
    local file="$1/tasks/$(key_of "$1" "$2").h5"
    "$program" eval "$1" --point "$2" --predictions "$work/classes.csv" > /dev/null
    example rebuild_network.py "$file" "$work/data.h5" "$work/classes.csv"
    expect 0 "64 of 64 images have the same class" "rebuild_network.py, $3"
    rm -rf "$work/export"
    "$program" export "$1" --point "$2" --format npz --out "$work/export" > "$work/out" 2>&1
    PYTHONDONTWRITEBYTECODE=1 $python "$work/codes.py" "$file" "$work/export/network.npz" > "$work/out" 2>&1
    check "$3: codes and steps of the export" test "$(grep -cE 'has the (codes|steps)$' "$work/out")" = 10
}
for point in 4 8; do rebuilds "$work/run" $point "point $point"; done
number=0
for rules in 'weight_step_2 = "mse"; weight_step_4 = "mse"; weight_step_8 = "mse"; rounding = "nearest";' \
    'weight_step_2 = "learned"; weight_step_4 = "learned"; batchnorm = "kept"; before_add = "signed";'\
' clips = "data";' \
    'weight_step_2 = "deviation"; weight_step_4 = "deviation"; weight_step_8 = "deviation"; batchnorm = "kept";'\
' before_add = "signed"; clips = "batchnorm"; rounding = "even"; levels = "open";'; do
    name=rules$((++number))
    alone sweep "$work/small.cfg" --out "$work/$name" --set 'seeds=[1]' --set "quantizer={ $rules }" \
        --set 'sweep=({strategy="joint"; cost_model="size"; strengths=[0.5];}, {strategy="fixed"; bits=[2];})' \
        --set 'search.activation_bits=[2, 4, 8]'
    expect 0 "3 tasks done" "sweep with $rules"
    for point in 2 3; do rebuilds "$work/$name" $point "point $point with $rules"; done
done

# ---- results/SCHEMA.md names everything that stands in the files ----
cat > "$work/schema.py" <<'EOF'
import sys

import h5py

schema = open("results/SCHEMA.md").read()
results, task = h5py.File(sys.argv[1]), h5py.File(sys.argv[2])
names = set(results.attrs) | set(task.attrs) | set(results["provenance"].attrs) | set(task["record"].attrs)
names |= set(results["points"]) - set(task["costs"])
names |= {name for group in ("curve", "layers", "allocation/first") for name in task[group]}
names |= {a for group in ("points", "tasks") for s in results[group].values() for a in s.attrs if a[0].islower()}
known = lambda n: n in schema or (n.split("_")[0] in ("stride", "padding"))
unknown = sorted(n for n in names if not known(n))
print("not in results/SCHEMA.md:", unknown)
sys.exit(bool(unknown))
EOF
check "SCHEMA.md names every column and attribute" \
    $python "$work/schema.py" "$work/run/results.h5" "$work/run/tasks/$key.h5"

# ---- tables and pictures ----
if has matplotlib,pandas,numpy pictures; then picture=$work/picture.png; else picture=; fi
if has xarray,h5netcdf bits_per_layer.py; then
    example bits_per_layer.py "$work/run/tasks/$key.h5" $picture
    expect 0 "bit: " "bits_per_layer.py"
    check "a line for each layer with weights" test "$(grep -c mean "$work/out")" = 5
    [ -z "$picture" ] || check "its picture" is_picture "$picture"
    cat > "$work/axes.py" <<'EOF'
import sys, warnings

import xarray

warnings.simplefilter("error")
run, key = sys.argv[1:]


def dims(path, group):
    return sorted(xarray.open_dataset(path, group=group, engine="h5netcdf").dims)


assert dims(f"{run}/results.h5", "points") == ["id"]
for path, prefix in ((f"{run}/tasks/{key}.h5", ""), (f"{run}/results.h5", f"tasks/{key}/")):
    assert dims(path, prefix + "curve") == ["epoch_of_task"]
    assert dims(path, prefix + "layers") == ["layer", "precision"]
    assert dims(path, prefix + "allocation/first") == ["channel"]
curve = xarray.open_dataset(f"{run}/tasks/{key}.h5", group="curve", engine="h5netcdf")
assert curve.train_loss.attrs["units"] == "nat" and curve.train_loss.attrs["long_name"].startswith("mean cross-entropy")
EOF
    check "xarray knows every axis by its name" $python "$work/axes.py" "$work/run" "$key"
fi
if has pandas seeds.py; then
    example seeds.py "$work/run/results.h5" size_bits $picture
    expect 0 "spread" "seeds.py"
    [ -z "$picture" ] || check "its picture" is_picture "$picture"
    check "three questions, two seeds each" test "$(awk '$7 == 2' "$work/out" | wc -l)" = 3
    check "the same front as bitfront front" test "$(grep -c 'True$' "$work/out")" = \
        "$("$program" front "$work/run" | sed -n 's/.*points: \([0-9]*\), chosen.*/\1/p')"
    example two_runs.py "$work/run/results.h5" "$work/rules1/results.h5" $picture
    expect 0 "rules1/results.h5 reaches" "two_runs.py"
fi

# ---- without Python ----
if command -v octave-cli > /dev/null; then
    octave-cli --norc --no-history results/examples/points.m "$work/run/results.h5" > "$work/out" 2>&1
    code=$?
    expect 0 "6 points, " "points.m in Octave"
    check "Octave reads each point of the front: id, strategy, size, accuracy" diff \
        <("$program" front "$work/run" --each-seed -o "$work/octave" > /dev/null &&
            awk -F, '$10 == 1 { printf "%d %s %.4g kB %.2f %%\n", $1, $2, $7 / 8000, 100 * $8 }' "$work/octave.csv") \
        <(sed 1d "$work/out" | tr -s ' ' | sed 's/^ //')
    octave-cli --norc --no-history --eval \
        "load('-hdf5', '$work/run/tasks/$key.h5'); disp(size(layers.layer));" > "$work/out" 2>&1
    check "Octave reads every group of a task file" grep -qE '^ +[0-9]+ +[0-9]+' "$work/out"
else
    echo "skipped: points.m: octave is not installed"
fi
exit $failures
