# Data that people bring: a prepared file written by hand as core/data/README.md says, and every way of writing it
# wrong; NumPy arrays; data that is mapped from its file. From raw files to a front in three commands.
. tests/support/e2e.sh
small_sweep "$work/small.cfg"
cd "$work"
sweep_of() { # sweep_of DATA OUT: a tiny sweep of a tiny network that fits 28x28 grey images of 3 classes
    alone sweep small.cfg --out "$2" -q --set "data=\"$1\"" --set classes=3 --set input.height=28 --set input.width=28 \
        --set input.channels=1
}

python=/usr/bin/python3
if ! $python -c 'import h5py, numpy' 2> /dev/null; then
    echo "skipped: python3-h5py and python3-numpy are not installed, so no file is written by hand"
    exit 77
fi

# ---- the script of the README ----
sed -n '/^```python/,/^```$/p' "$root/core/data/README.md" | grep -v '^```' > by_hand.py
check "the README has a script of ten lines at most" test "$(wc -l < by_hand.py)" -le 10
check "the script of the README runs" $python by_hand.py
alone check mine.h5
expect 0 "mine.h5, 28 x 28 x 1, 3 classes, 400 training, 100 validation, 100 test samples" "a file written by hand"
sweep_of mine.h5 run
check "a sweep on a file written by hand: exit code 0" test $code = 0
alone front run
expect 0 "points" "its front"
BITFRONT_DATA_MEMORY=0 sweep_of mine.h5 mapped
check "the same with samples mapped from the file: exit code 0" test $code = 0
check "mapped samples give the same results" same_results run mapped
BITFRONT_DATA_MEMORY=0 run 2 sweep small.cfg --out mapped2 -q --set 'data="mine.h5"' --set classes=3 \
    --set input.height=28 --set input.width=28 --set input.channels=1
check "mapped samples on two ranks give the same results" same_results run mapped2

# ---- every obstacle has its words ----
cat > wrong.py << 'END'
import h5py, numpy
exec(open("by_hand.py").read())
original = dict((k, v[()]) for k, v in h5py.File("mine.h5").items())
def write(name, more=None, attrs={}, **changed):
    with h5py.File(name + ".h5", "w") as f:
        f.attrs["format"], f.attrs["format_version"] = "bitfront data set", 1
        for k, v in attrs.items(): f.attrs[k] = v
        for k, v in {**original, **changed}.items():
            if v is not None: f.create_dataset(k, data=v, **(more or {}) if k == "samples" else {})
x, y, s = original["samples"], original["labels"], original["split"]
write("flat", samples=x[..., 0])
write("turned", samples=x.repeat(3, 3).transpose(0, 3, 1, 2))
write("floats", samples=x / 255)
write("wide", samples=x.astype("int64"))
write("missing", samples=None)
write("lzf", more={"compression": "lzf"})
write("gzip", more={"compression": "gzip"})
write("fixed", class_names=numpy.array(["ant", "bee", "fly"], dtype="S5"))
write("from_one", labels=y + 1)
write("onehot", labels=numpy.eye(3, dtype="int32")[y])
write("float_labels", labels=y.astype("float32"))
write("fewer", labels=y[:599])
write("gap", labels=numpy.where(y == 1, 0, y))
write("no_test", split=numpy.minimum(s, 1))
write("below", split=numpy.where(s == 1, -1, s).astype("int8"))
write("one_class", class_names=["ant"])
write("sign", samples=x.astype("int8"), attrs={})
with h5py.File("sign.h5", "r+") as f: f["samples"].attrs["signed"] = 0
write("checksum", attrs={"content_checksum": "sha256:" + 64 * "0"})
numpy.savez_compressed("arrays.npz", x_train=x[:500, ..., 0], y_train=y[:500], x_test=x[500:, ..., 0], y_test=y[500:])
END
check "files with faults are written" $python wrong.py
wrong() { # wrong FILE WORDS
    alone check "$1.h5"
    expect 2 "$2" "$1"
    check "$1: the file is named" grep -q "$1.h5" out
}
wrong flat \
    "data set samples has shape (600, 28, 28) where (N, height, width, channels) is wanted; \
grey images need a last axis"
wrong turned "data set samples has shape (600, 3, 28, 28) where (N, height, width, channels) is wanted; \
the channels seem to come first"
wrong floats "data set samples holds floats where uint8 or int8 is wanted"
wrong wide "data set samples has elements of 8 bytes where uint8 or int8 is wanted"
wrong missing "data set samples is missing; (N, height, width, channels)"
wrong lzf "data set samples is compressed with lzf"
wrong from_one "the labels go from 1 to 3; classes are counted from 0"
wrong onehot "data set labels has shape (600, 3) where (N,) is wanted; if each row has a one at its class"
wrong float_labels "data set labels holds floats where whole numbers are wanted"
wrong fewer "600 samples, but data set labels has 599 entries"
wrong no_test "the test split is empty"
wrong below "sample 400 has split -1; 0, 1 and 2 exist"
wrong one_class "1 classes; 2 to 1000 are possible"
wrong sign "the samples are int8, but their attribute signed is 0"
wrong checksum "do not match the stored content_checksum"
alone check gap.h5
expect 0 "warning: 1 class without training samples in gap.h5: bee" "a class that nothing can be learned of"
for fine in gzip fixed; do
    alone check $fine.h5
    expect 0 "28 x 28 x 1, 3 classes, 400 training" "$fine"
done
BITFRONT_DATA_MEMORY=0 alone check gzip.h5
expect 2 "stored in chunks" "compressed samples that would have to be mapped"

# ---- a look at augmented samples ----
sed 's/^augment = .*/augment = { rotate_degrees = 10.0; noise = 0.1; cutout_pixels = 5; };/' small.cfg > augmented.cfg
alone prepare --preview mine.h5 augmented.cfg -o sheet.png
expect 0 "wrote sheet.png" "a sheet of samples"
alone prepare --preview mine.h5 augmented.cfg -o again.png
check "it is the same every time" cmp sheet.png again.png
mkdir -p sheets/a sheets/b
for i in 1 2 3 4; do cp sheet.png sheets/a/$i.png; cp sheet.png sheets/b/$i.png; done
alone prepare folder --source sheets -o sheets.h5
expect 0 "wrote sheets.h5" "it is a picture that can be read"
alone check sheets.h5
expect 0 "580 x 580 x 3, 2 classes" "ten by ten samples of 28 x 28, twice as large, two pixels apart"

# ---- networks ----
for network in "$root"/configs/networks/*.cfg; do
    alone check "$network"
    expect 0 "is in order" "$(basename "$network")"
done
alone check "$root/configs/networks/person.cfg"
check "person.cfg has the published number of operations" grep -q "total .* 7489664$" out
sed -n '/^```cfg/,/^```$/p' "$root/configs/networks/README.md" | grep -v '^```' > readme.cfg
alone check readme.cfg
expect 0 "is in order" "the network of the README"
sed '0,/"conv"/s//"convv"/' readme.cfg > kinds.cfg
kinds=$("$program" check kinds.cfg 2>&1 | sed -n 's/.*there are //p' | tr -d ,)
check "there are nine kinds of layers" test "$(echo $kinds | wc -w)" = 9
for kind in $kinds; do
    check "the README has an example of $kind" grep -q "type = \"$kind\"" readme.cfg
done
sed 's/kernel = 3;/kernel = 3; channels = 4;/' readme.cfg > wrong.cfg
alone check wrong.cfg
expect 2 'channels"; here are possible: ' "a key that a layer does not have"
check "keys of the layer are named" grep -q "kernel, stride, padding" out

# ---- raw data are no data set ----
alone check sheet.png
expect 2 "sheet.png is a picture, not a prepared data set; make one: bitfront prepare folder" "a picture"
alone check arrays.npz
expect 2 "arrays.npz is a .zip or .npz, not a prepared data set; make one: bitfront prepare npy" "arrays"

# ---- NumPy ----
alone prepare npy --source arrays.npz -o arrays.h5
expect 0 "wrote arrays.h5" "arrays of NumPy"
alone check arrays.h5
expect 0 "arrays, 28 x 28 x 1, 3 classes, 449 training, 51 validation, 100 test samples" "arrays of NumPy"
sweep_of arrays.h5 run_arrays
check "a sweep on arrays of NumPy: exit code 0" test $code = 0
alone plan "$root/configs/demo.cfg" --set 'data="arrays.h5"' --set classes=3 --set input.height=28 \
    --set input.width=28 --set input.channels=1
expect 0 "/arrays.h5: arrays, 28 x 28 x 1, 3 classes" "a set of the current directory, a configuration from elsewhere"

# ---- a full disk, a kill ----
mkdir disk
if mount -t tmpfs -o size=300k tmpfs disk 2> /dev/null; then
    alone prepare npy --source arrays.npz -o disk/full.h5
    expect 3 "No space left on device" "a full disk"
    check "nothing is there under the name" test ! -e disk/full.h5
    umount disk
else
    echo "skipped: no right to mount a tmpfs, so no disk is full"
fi
$python -c 'import numpy; numpy.save("large.npy", numpy.zeros((60000, 64, 64), "u1"))
numpy.save("many.npy", numpy.arange(60000) % 5)'
"$program" prepare npy --images large.npy --labels many.npy -o killed.h5 > out 2>&1 &
victim=$!
for i in $(seq 200); do
    ls killed.h5.tmp* > /dev/null 2>&1 && break
    sleep 0.01
done
kill -KILL $victim 2> /dev/null
wait $victim 2> /dev/null
check "a kill in the middle leaves nothing under the name" test ! -e killed.h5
alone prepare npy --images large.npy --labels many.npy -o killed.h5
expect 0 "wrote killed.h5" "the same command again"
alone check killed.h5
expect 0 "64 x 64 x 1, 5 classes, 48000 training" "what it wrote"

truncate -s -2000 arrays.npz
alone prepare npy --source arrays.npz -o cut.h5
check "a cut .npz: exit code 2" test $code = 2
check "nothing is left of it" test -z "$(ls cut.h5* 2> /dev/null)"
finish
