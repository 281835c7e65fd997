# A point as ONNX: checked by the onnx package and run by onnxruntime, each where it is there (apt-get install
# python3-onnx python3-numpy; npm install --ignore-scripts onnxruntime-node@1.17.0, and NODE_PATH to its node_modules).
. tests/support/e2e.sh
small_sweep "$work/small.cfg"

python_with() { # python_with MODULE: a Python that has it, or nothing
    for candidate in python3 /usr/bin/python3; do
        "$candidate" -c "import $1" 2> /dev/null && echo "$candidate" && return
    done
}
checker=$(python_with onnx)
numpy=$(python_with numpy)
runtime=""
command -v node > /dev/null && node -e 'require("onnxruntime-node")' 2> /dev/null && runtime=node

run 2 sweep "$work/small.cfg" --out "$work/run" --set 'seeds=[1]'
expect 0 "4 tasks done, 0 failed" "a sweep"
run 2 sweep "$work/small.cfg" --out "$work/kept" --set 'seeds=[1]' --set 'quantizer.batchnorm="kept"' \
    --set 'quantizer.before_add="signed"' --set 'quantizer.rounding="nearest"' --set 'search.activation_bits=[4]' \
    --set 'sweep=({strategy="joint"; cost_model="size"; strengths=[5.0];}, {strategy="fixed"; bits=[3];})'
expect 0 "3 tasks done, 0 failed" "a sweep with kept batch-norm, signed branches and activations of 4 bit"

alone export "$work/run" --point 2 --format onnx --out "$work/first"
if [ "$code" = 2 ] && grep -q "this build of bitfront cannot write onnx" "$work/out"; then
    echo "skipped: built without libonnx-dev, protobuf-c-compiler and libprotobuf-c-dev"
    finish
fi
for point in run/2 run/3 run/4 kept/2 kept/3; do
    dir=$work/onnx-${point/\//-}
    alone export "$work/${point%/*}" --point "${point#*/}" --format onnx --out "$dir"
    expect 0 "wrote $dir" "$point is exported"
    if [ -n "$checker" ]; then
        check "$point: the checker of onnx accepts it" "$checker" -c "
import onnx
model = onnx.load('$dir/network.onnx')
onnx.checker.check_model(model, full_check=True)
onnx.shape_inference.infer_shapes(model, strict_mode=True, check_type=True)"
    else
        echo "skipped: no onnx package to check $point with"
    fi
    if [ -z "$runtime" ] || [ -z "$numpy" ]; then
        echo "skipped: no onnxruntime-node and numpy to run $point with"
        continue
    fi
    alone export "$work/${point%/*}" --point "${point#*/}" --format npz --out "$dir/npz" --images 64
    shape=$("$numpy" -c "
import json, numpy
file = numpy.load('$dir/npz/network.npz')
graph, images = json.loads(bytes(file['graph'])), file['@test/images']
images.tofile('$dir/images.bin')
file['@test/logits'].tofile('$dir/logits.bin')
print(*images.shape, graph['classes'], graph['logit_step'])")
    check "$point: onnxruntime gives the same classes" "$runtime" tests/support/onnx_run.js "$dir/network.onnx" \
        "$dir/images.bin" "$dir/logits.bin" $shape
done
if [ "$(id -u)" = 0 ] && mkdir "$work/full" && mount -t tmpfs -o size=4k none "$work/full" 2> /dev/null; then
    alone export "$work/run" --point 2 --format onnx --out "$work/full/onnx"
    expect 3 "$work/full" "a full disk"
    check "nothing is left on it" test -z "$(ls "$work/full")"
else
    echo "skipped: no small file system can be mounted here"
fi
finish
