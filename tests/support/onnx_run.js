// Runs an ONNX model that bitfront exported with onnxruntime, and compares with integer logits:
//   node onnx_run.js network.onnx images.bin logits.bin N H W C CLASSES STEP
// images.bin: bytes (N, H, W, C); logits.bin: int32 (N, CLASSES), a real logit divided by STEP. Lists the images that
// get another class, with the gap between both classes in onnxruntime's logits. Exit code 0: at most 0.1 % of them, or
// one.
const fs = require('fs');
const ort = require('onnxruntime-node');

const [, , path, imagesPath, logitsPath, ...numbers] = process.argv;
const [n, h, w, c, classes, step] = numbers.map(Number);
const PART = 500; // images at a time: activations of all of them take gigabytes

function largest(logits, first) {
    let best = 0;
    for (let k = 1; k < classes; k++) if (logits[first + k] > logits[first + best]) best = k;
    return best;
}

async function main() {
    const images = new Uint8Array(fs.readFileSync(imagesPath));
    const bytes = fs.readFileSync(logitsPath);
    const expected = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    const session = await ort.InferenceSession.create(path);
    const logits = new Float32Array(n * classes);
    for (let first = 0; first < n; first += PART) {
        const count = Math.min(PART, n - first), size = h * w * c;
        const part = images.subarray(first * size, (first + count) * size);
        const result = await session.run({samples: new ort.Tensor('uint8', part, [count, h, w, c])});
        logits.set(result.logits.data, first * classes);
    }
    let others = 0, furthest = 0;
    for (let i = 0; i < n; i++) {
        const own = largest(logits, i * classes), integer = largest(expected, i * classes);
        for (let k = 0; k < classes; k++)
            furthest = Math.max(furthest, Math.abs(logits[i * classes + k] - expected[i * classes + k] * step));
        if (own === integer) continue;
        others++;
        const gap = logits[i * classes + own] - logits[i * classes + integer];
        console.log(`image ${i}: class ${own} instead of ${integer}, by ${gap}`);
    }
    console.log(`${n - others} of ${n} images have the same class; logits differ by ${furthest} at most`);
    process.exit(others > Math.max(1, n / 1000) ? 1 : 0);
}

main();
