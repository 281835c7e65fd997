# Each wrong input gives one message that says what and where, and the documented exit code; nothing hangs.
. tests/support/e2e.sh
small_sweep "$work/small.cfg"

run 2 sweep "$work/nowhere.cfg"
expect 2 "nowhere.cfg does not exist" "missing configuration"

sed 's/^batch/bach/' "$work/small.cfg" > "$work/typo.cfg"
run 2 sweep "$work/typo.cfg"
line=$(grep -n '^bach' "$work/typo.cfg" | cut -d: -f1)
expect 2 "typo.cfg:$line: " "unknown key names file and line"
check "unknown key names the nearest known key" grep -q 'did you mean "batch"' "$work/out"

sed 's/^batch = 32;/batch = 0;/' "$work/small.cfg" > "$work/range.cfg"
run 2 sweep "$work/range.cfg"
expect 2 "batch" "value out of range"

echo 'name = ;' > "$work/syntax.cfg"
alone plan "$work/syntax.cfg"
expect 2 "syntax.cfg:1" "syntax error"

alone plan "$work/small.cfg" --set 'quantizer.clips="batchnorm"'
expect 2 'needs quantizer.batchnorm = "kept"' "clips that follow a batch-norm that is folded"
alone plan "$work/small.cfg" --set finetune.weight_noise=0.05 --set finetune.integer=true
expect 2 "finetune.weight_noise is noise between whole codes" "noise on integers"
alone plan "$work/small.cfg" --set finetune.gradual=1 --set finetune.integer=true
expect 2 "finetune.gradual trains layers in float, which finetune.integer = true cannot" "layers in float in integers"
alone plan "$work/small.cfg" --set finetune.gradual=1 --set 'arithmetic="reference"'
expect 2 'finetune.gradual is for arithmetic = "exact"' "a gradual schedule in the published arithmetic"
alone sweep "$work/small.cfg" --set finetune.gradual=7 --out "$work/gradual"
expect 2 "finetune.gradual = 7 quantises the 5 layers of small in 35 epochs, but stage" "a schedule that does not end"
check "a schedule that does not end: nothing is written" test ! -e "$work/gradual"
alone plan "$work/small.cfg" --set finetune.gradual=-1
expect 2 "finetune.gradual" "epochs below 0"

sed 's/cost_model = "size"/cost_model = "sice"/' "$work/small.cfg" > "$work/cost.cfg"
run 2 sweep "$work/cost.cfg"
expect 2 "sice" "unknown cost model"

# Entries of the strategies of the field: a key of another one, precisions without a cost, groups that are not there.
refused() { # refused "ENTRY" "part of the message" "what is promised"
    alone plan "$work/small.cfg" --set "sweep=({ $1 })"
    expect 2 "$2" "$3"
}
refused 'strategy="impq"; cost_model="size"; steps=2; pit_strengths=[1.0];' \
    'pit_strengths is a key of strategy "pit_mixprec", not of "impq"' "a key of another strategy"
refused 'strategy="sensitivity"; granularity="layer";' \
    'granularity is a key of strategy "impq", not of "sensitivity"' "a key of impq in sensitivity"
refused 'strategy="impq"; cost_model="mpic"; steps=2; precisions=[3, 8];' \
    'mpic does not say what weights of 3 bit cost' "a precision without a cost"
refused 'strategy="impq"; cost_model="size"; steps=2; granularity="block";' \
    'granularity must be "kernel" | "layer" | "network", not "block"' "a granularity that nobody has"
refused 'strategy="impq"; cost_model="size"; steps=2; activation_granularity="kernel";' \
    'activations have one precision a layer' "a granularity that activations lack"
refused 'strategy="grid"; cost_model="size"; targets=["90 % of w4"]; layers=["b9"];' \
    'layers[0] is "b9": small has no layer' "a layer that the network lacks"

run 2 sweep "$work/small.cfg" --set 'network="nowhere.cfg"' --out "$work/x"
expect 2 "nowhere.cfg" "missing network"

sed 's/input = "first"/input = "furst"/' "$work/small_network.cfg" > "$work/wrong_network.cfg"
run 2 sweep "$work/small.cfg" --set 'network="wrong_network.cfg"' --out "$work/x"
expect 2 "furst" "network with an unknown input"
check "wrong network names file and line" grep -qE "wrong_network.cfg:[0-9]+" "$work/out"

sed 's/height = 32; width = 32/height = 28; width = 28/' "$work/small_network.cfg" > "$work/size.cfg"
run 3 sweep "$work/small.cfg" --set 'network="size.cfg"' --out "$work/x"
expect 2 "28" "network that does not fit the data"

run 3 sweep "$work/small.cfg" --set 'data="nowhere.h5"' --out "$work/x"
expect 2 "bitfront prepare synthetic -o" "missing data set says how to make it"

head -c 200000 "$work/data.h5" > "$work/truncated.h5"
run 3 sweep "$work/small.cfg" --set 'data="truncated.h5"' --out "$work/x"
expect 2 "truncated.h5" "truncated data set"
alone check "$work/truncated.h5"
expect 2 "truncated.h5" "check of a truncated data set"

echo "not HDF5 at all" > "$work/text.h5"
run 2 sweep "$work/small.cfg" --set 'data="text.h5"' --out "$work/x"
expect 2 "text.h5" "data set that is something else"

size=$(stat -c %s "$work/data.h5")
cp "$work/data.h5" "$work/flipped.h5"
printf '\377\000\252\125\377\000\252\125' | dd of="$work/flipped.h5" bs=1 seek=$((size / 2)) conv=notrunc 2> /dev/null
run 2 sweep "$work/small.cfg" --set 'data="flipped.h5"' --out "$work/x"
expect 2 "flipped.h5" "damaged data set"

: > "$work/file"
run 2 sweep "$work/small.cfg" --out "$work/file/run"
expect 3 "$work/file" "run directory that cannot be made"

mkdir "$work/mine" && echo text > "$work/mine/letter.txt"
run 2 sweep "$work/small.cfg" --out "$work/mine"
expect 2 "not a run directory" "directory of somebody else"

alone prepare cifar10 --source "$work/nowhere" -o "$work/c.h5"
expect 2 "nowhere" "missing source"
check "nothing is left of a failed prepare" test ! -e "$work/c.h5"
mkdir "$work/cifar"
for batch in data_batch_1 data_batch_2 data_batch_3 data_batch_4 data_batch_5 test_batch; do
    head -c 30730000 /dev/zero > "$work/cifar/$batch.bin"
done
printf '\012' | dd of="$work/cifar/data_batch_2.bin" bs=1 seek=3073 conv=notrunc 2> /dev/null
alone prepare cifar10 --source "$work/cifar" -o "$work/c.h5"
expect 2 "data_batch_2" "label outside the classes"
printf '\000' | dd of="$work/cifar/data_batch_2.bin" bs=1 seek=3073 conv=notrunc 2> /dev/null
truncate -s 1000 "$work/cifar/test_batch.bin"
alone prepare cifar10 --source "$work/cifar" -o "$work/c.h5"
expect 2 "test_batch" "truncated source"
check "nothing is left of a failed prepare" test ! -e "$work/c.h5"
rm -r "$work/cifar"
for arguments in "sweep" "sweep a b" "front" "nonsense" "sweep --nonsense x" "prepare synthetic" \
    "prepare synthetic --train many -o $work/y.h5"; do
    alone $arguments
    check "'bitfront $arguments' is a usage error" test "$code" = 2
    check "'bitfront $arguments' says one line" test "$(wc -l < "$work/out")" = 1
done
finish
