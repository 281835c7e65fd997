# A point as arrays: numpy reads what bitfront export wrote, runs the network by itself, and has all logits.
. tests/support/e2e.sh
python=""
for candidate in python3 /usr/bin/python3; do
    [ -z "$python" ] && "$candidate" -c 'import numpy' 2> /dev/null && python=$candidate
done
small_sweep "$work/small.cfg"
run 2 sweep "$work/small.cfg" --out "$work/run" --set 'seeds=[1]' --set 'quantizer.batchnorm="kept"' \
    --set 'quantizer.before_add="signed"' --set 'quantizer.rounding="nearest"' --set 'sweep=({strategy="joint";
    cost_model="size"; strengths=[0.5, 5.0];}, {strategy="fixed"; bits=[3];})'
expect 0 "4 tasks done, 0 failed" "a sweep"
for id in 2 3 4; do
    alone export "$work/run" --point $id --format npz --out "$work/npz-$id" --images 64
    expect 0 "bytes of memory" "point $id as npz"
    if [ -n "$python" ]; then
        check "point $id: numpy has all logits" \
            "$python" results/examples/run_integer_network.py "$work/npz-$id/network.npz"
    else
        echo "skipped: no numpy to run point $id with"
    fi
    alone export "$work/run" --point $id --format h5 --out "$work/h5-$id"
    expect 0 "wrote $work/h5-$id" "point $id as HDF5"
    check "point $id: one file in each folder" test "$(ls "$work/npz-$id" "$work/h5-$id" | grep -c network)" = 2
done
if [ -n "$python" ]; then
    printf '\1' | dd of="$work/npz-2/network.npz" bs=1 \
        seek=$(($(stat -c %s "$work/npz-2/network.npz") / 2)) conv=notrunc 2> /dev/null
    check "a changed byte is noticed" \
        bash -c "! $python results/examples/run_integer_network.py $work/npz-2/network.npz"
fi
if [ "$(id -u)" = 0 ] && mkdir "$work/full" && mount -t tmpfs -o size=16k none "$work/full" 2> /dev/null; then
    for format in npz h5; do
        alone export "$work/run" --point 2 --format $format --out "$work/full/$format" --images 64
        expect 3 "$work/full" "$format on a full disk"
        check "$format: nothing is left on it" test -z "$(ls "$work/full")"
    done
else
    echo "skipped: no small file system can be mounted here"
fi
finish
