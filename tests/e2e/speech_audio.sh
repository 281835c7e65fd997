# Speech Commands from sounds: a small stand-in of the official layout, made and prepared again by an independent
# script (numpy, scipy), as a folder and as an archive; what is wrong with a sound is said with its name.
. tests/support/e2e.sh
cd "$work"
python=/usr/bin/python3
if ! $python -c 'import h5py, numpy, scipy.fft, scipy.io.wavfile' 2> /dev/null; then
    echo "skipped: python3-h5py, python3-numpy and python3-scipy are needed to make sounds and to check their features"
    exit 77
fi

cat > make.py <<'END'
import os, wave, numpy
random = numpy.random.default_rng(5)
def write(path, samples, rate=16000, channels=1):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with wave.open(path, "wb") as f:
        f.setnchannels(channels); f.setsampwidth(2); f.setframerate(rate)
        f.writeframes(numpy.asarray(samples, dtype="<i2").tobytes())
words = "down go left no off on right stop up yes bed happy marvin".split()
lists = {"validation": [], "testing": []}
for w, word in enumerate(words):
    for i in range(5):
        n = 16000 - 1500 * (i == 2)
        t = numpy.arange(n) / 16000
        x = 6000 * numpy.sin(2 * numpy.pi * (150 + 90 * w) * t * (1 + 0.3 * t)) * numpy.exp(-3 * abs(t - 0.5))
        name = f"{word}/{i:08x}_nohash_0.wav"
        write("sc/" + name, x + random.normal(0, 30 + 200 * random.random(), n))
        if i == 3: lists["validation"].append(name)
        if i == 4: lists["testing"].append(name)
        if i < 2: write("sc_test/" + (name if w < 10 else "_unknown_/" + name.replace("/", "_")), x[::-1])
for noise in "dude_miaowing white_noise exercise_bike doing_the_dishes pink_noise running_tap".split():
    write(f"sc/_background_noise_/{noise}.wav", random.normal(0, 500, 40000).cumsum() % 3000 - 1500)
for i in range(2): write(f"sc_test/_silence_/{i:08x}.wav", random.normal(0, 20, 16000))
open("sc/README.md", "w").write("notes\n")
for name, files in lists.items(): open(f"sc/{name}_list.txt", "w").write("\n".join(files) + "\n")
END
# The same, written anew from the definition: frames by strided views, numpy's FFT, scipy's DCT.
cat > check.py <<'END'
import sys, os, glob, h5py, numpy, scipy.fft, scipy.io.wavfile
f = h5py.File(sys.argv[1]); official = len(sys.argv) > 2
classes = "down go left no off on right stop up yes silence unknown".split()
mel = lambda hz: 2595 * numpy.log10(1 + hz / 700)
edges = 700 * (10 ** (numpy.linspace(mel(20), mel(4000), 42) / 2595) - 1)
freq = numpy.linspace(0, 8000, 257)[:, None]
bank = numpy.maximum(0, numpy.minimum((freq - edges[:-2]) / (edges[1:-1] - edges[:-2]),
                                      (edges[2:] - freq) / (edges[2:] - edges[1:-1])))
window = numpy.pad(numpy.hanning(481)[:480], 16)
def features(x):
    x = numpy.pad(x, (0, 16000 - len(x))) / 32768
    frames = numpy.lib.stride_tricks.sliding_window_view(x, 512)[::320][:49]
    power = abs(numpy.fft.rfft(frames * window)) ** 2
    return scipy.fft.dct(numpy.log(power @ bank + 1e-6), norm="ortho")[:, :10]
read = lambda p: scipy.io.wavfile.read(p)[1].astype(float)
lists = {n: set(open(f"sc/{n}_list.txt").read().split()) for n in ("validation", "testing")}
rows = []
for p in glob.glob("sc/*/*_nohash_*.wav"):
    name = p[3:]; word = name.split("/")[0]
    split = 1 if name in lists["validation"] else 2 if name in lists["testing"] else 0
    if split == 2 and official: continue
    rows.append((name, split, classes.index(word) if word in classes else 11, features(read(p))))
for p in glob.glob("sc/_background_noise_/*.wav"):
    x = read(p); tap = "running_tap" in p
    for k, start in enumerate(s for s in range(0, len(x), 8000) if s < len(x) - 16000):
        rows.append((f"{p[3:]}@{start:06d}", (1 if official or k % 2 == 0 else 2) if tap else 0, 10,
                     features(x[start:start + 16000])))
for p in glob.glob("sc_test/*/*.wav") if official else []:
    word = p.split("/")[1]
    number = 10 if word == "_silence_" else classes.index(word) if word in classes else 11
    rows.append((p[8:], 2, number, features(read(p))))
rows.sort(key=lambda r: (r[0], r[1]))
assert f["split"][:].tolist() == [r[1] for r in rows], "splits"
assert f["labels"][:].tolist() == [r[2] for r in rows], "labels"
x = numpy.stack([r[3] for r in rows]); train = x[[r[1] == 0 for r in rows]]
mean, deviation = train.mean((0, 1)), train.std((0, 1))
wanted = numpy.clip(numpy.floor((x - mean) / (deviation * 4 / 127) + 0.5), -128, 127)
got = f["samples"][..., 0].astype(float)
worst, share = abs(got - wanted).max(), (got != wanted).mean()
print(len(rows), "sounds; largest difference", worst, "codes;", share, "of the codes differ")
assert worst <= 1 and share < 1e-3
text = f["samples"].attrs["features"]; text = text.decode() if isinstance(text, bytes) else text
numbers = [numpy.array([float(v) for v in part.split(";")[0].split()]) for part in text.split("=")[1:]]
assert numpy.allclose(numbers[0], mean, rtol=1e-5, atol=1e-5)
assert numpy.allclose(numbers[1], deviation * 4 / 127, rtol=1e-5)
END
check "sounds are made" $python make.py
alone prepare speech_commands --source sc -o folder.h5
expect 0 "wrote folder.h5" "a folder of sounds"
check "its features are those of numpy and scipy" $python check.py folder.h5
alone check folder.h5
expect 0 "speech-commands-12, 49 x 10 x 1, 12 classes, 54 training, 15 validation, 14 test samples" \
    "splits of the lists"
tar -czf sc.tar.gz -C sc . && tar -czf sc_test.tar.gz sc_test
alone prepare speech_commands --source sc.tar.gz -o archive.h5
expect 0 "wrote archive.h5" "an archive of sounds"
content() { $python -c "import h5py,sys; print(h5py.File(sys.argv[1]).attrs['content_checksum'])" "$1"; }
check "archive and folder give the same samples" test "$(content folder.h5)" = "$(content archive.h5)"
alone prepare speech_commands --source sc.tar.gz --test-source sc_test.tar.gz -o official.h5
expect 0 "wrote official.h5" "with the test archive"
check "its features are those of numpy and scipy" $python check.py official.h5 official
alone prepare speech_commands --source sc --copies 2 --seed 3 -o copies.h5
expect 0 "wrote copies.h5" "with copies"
alone check copies.h5
expect 0 "132 training, 15 validation, 14 test samples" "copies of training clips only"
alone prepare speech_commands --source sc.tar.gz --copies 2 --seed 3 -o copies2.h5
check "copies do not depend on the order of files" test "$(content copies.h5)" = "$(content copies2.h5)"

# ---- on several ranks, killed and continued ----
sounds="prepare speech_commands --source sc.tar.gz --copies 2 --seed 3"
run 3 $sounds -o ranks.h5
check "three ranks: the same bytes" cmp copies2.h5 ranks.h5
rm ranks.h5
BITFRONT_FAIL=other.write.middle:4:kill@0 run 2 $sounds -o ranks.h5
check "killed: a part is kept" test $code != 0 -a ! -e ranks.h5 -a -s ranks.h5.partial
alone $sounds -o ranks.h5
check "continued on one rank: the same bytes" cmp copies2.h5 ranks.h5
check "nothing is left beside it" test "$(ls ranks.h5*)" = ranks.h5

# ---- what is wrong with a sound ----
bad=sc/yes/00000000_nohash_0.wav
cp $bad good.wav
wrong() { # wrong WORDS: $bad is refused
    alone prepare speech_commands --source sc -o wrong.h5
    expect 2 "yes/00000000_nohash_0.wav $1" "a sound that $1"
    check "nothing is left" test -z "$(ls wrong.h5* 2> /dev/null)"
}
write() { $python -c "exec(open('make.py').read().split('words =')[0]); write('$bad', [1] * $1, $2, $3)"; }
write 8000 8000 1; wrong "has 8000 samples a second where 16000 are wanted"
write 16000 16000 2; wrong "has 2 channels where one is wanted"
write 0 16000 1; wrong "holds no sound: 0 samples"
write 20000 16000 1; wrong "lasts 1.25 s; at most 1.00 s"
head -c 9000 good.wav > $bad; wrong "is incomplete: 8956 of 32000 bytes"
echo text > $bad; wrong "is not a WAV file"
alone prepare speech_commands --source sc --skip-bad -o skipped.h5
expect 0 "left out: yes/00000000_nohash_0.wav" "--skip-bad"
cp good.wav $bad
mv sc/testing_list.txt .
alone prepare speech_commands --source sc -o wrong.h5
expect 2 "has no testing_list.txt" "a folder without a list"
head -c 100000 sc.tar.gz > cut.tar.gz
alone prepare speech_commands --source cut.tar.gz -o wrong.h5
check "a cut archive: exit code 2" test $code = 2
check "nothing is left of it" test -z "$(ls wrong.h5* 2> /dev/null)"
finish
