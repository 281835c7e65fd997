# `bitfront prepare` on several ranks, killed in the middle and started again: always the same bytes. What stays beside
# the output, what is said about it, and Tiny ImageNet's archive without unpacking.
. tests/support/e2e.sh
cd "$work"
python=/usr/bin/python3
[ -x $python ] || { echo "skipped: no python3 to make pictures with"; exit 77; }

cat > pictures.py << 'END'
import os, random, struct, sys, zlib
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
def png(seed, height, width):
    r = random.Random(seed)
    rows = b"".join(b"\0" + r.randbytes(3 * width) for _ in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f: f.write(data)
for c, name in enumerate(("ant", "bee", "fly")):
    for i in range(150): write("pictures/%s/%03d.png" % (name, i), png(1000 * c + i, 20, 24))
t = "tiny-imagenet-200/"
words = ["n04", "n01", "n03"]
write(t + "wnids.txt", "".join(w + "\n" for w in words).encode())
write(t + "words.txt", b"n01\tcat\n")
for c, w in enumerate(words):
    write(t + "train/%s/%s_boxes.txt" % (w, w), b"0 0 63 63\n")
    for i in range(20): write(t + "train/%s/images/%s_%d.JPEG" % (w, w, i), png(9000 + 100 * c + i, 64, 64))
lines = ""
for i in range(9):
    write(t + "val/images/val_%d.JPEG" % i, png(9900 + i, 64, 64))
    lines += "val_%d.JPEG\t%s\t0\t0\t44\t44\n" % (i, words[i % 3])
write(t + "val/val_annotations.txt", lines.encode())
for i in range(3): write(t + "test/images/test_%d.JPEG" % i, b"no picture, and not read")
END
$python pictures.py || exit 1
folder="prepare folder --source pictures --size 96 --channels 3"

# ---- any number of ranks ----
alone $folder -o one.h5
expect 0 "wrote one.h5" "pictures on one rank"
check "nothing is printed but that, to a pipe" test "$(wc -l < out)" = 1
check "nothing is left beside it" test "$(ls one.h5* | wc -l)" = 1
for ranks in 1 2 3 4; do
    run $ranks $folder -o ranks.h5
    expect 0 "wrote ranks.h5" "$ranks ranks"
    check "$ranks ranks: one line" test "$(wc -l < out)" = 1
    check "$ranks ranks: the same bytes" cmp one.h5 ranks.h5
done
alone prepare synthetic -o s1.h5 --train 64 --validation 32 --test 32
run 3 prepare synthetic -o s3.h5 --train 64 --validation 32 --test 32
expect 0 "wrote s3.h5" "what is not shared out, on three ranks"
check "the same bytes" cmp s1.h5 s3.h5
run 2 prepare folder --source nowhere -o no.h5
expect 2 "source nowhere does not exist" "a wrong path on two ranks"
run 2 prepare folder --help
expect 0 "Usage: bitfront prepare folder" "help on two ranks"
check "help on two ranks is printed once" test "$(grep -c Usage: out)" = 1

# ---- killed at several positions, continued by another number of ranks ----
rm -f trace
BITFRONT_FAIL_TRACE=trace alone $folder -o count.h5
whole=$(grep -c other.write.before trace)
check "there are more than ten parts" test "$whole" -gt 20
ranks=0
for moment in write.before:1 write.middle:2 write.middle:3 write.middle:9 write.after:16 write.middle:$((whole - 1)) \
    rename.before:1; do
    ranks=$((ranks % 3 + 1))
    rm -f killed.h5* trace
    BITFRONT_FAIL=other.$moment:kill@0 run $ranks $folder -o killed.h5
    check "killed at $moment of $ranks ranks: it does not end well" test $code != 0
    check "nothing is there under the name" test ! -e killed.h5
    check "a partial file is" test -e killed.h5.partial
    BITFRONT_FAIL_TRACE=trace run $((4 - ranks)) $folder -o killed.h5
    expect 0 "wrote killed.h5" "again, on $((4 - ranks)) ranks"
    check "the same bytes" cmp one.h5 killed.h5
    check "no partial file is left" test ! -e killed.h5.partial
    written=$(grep -c other.write.before trace)
    kept=${moment#*:}
    [ $moment = rename.before:1 ] && kept=$whole
    # A head and two writes for each part; the one that was cut is made again.
    [ "$kept" -gt 3 ] && check "what was there is not made again: $written of $whole writes" \
        test "$written" -le $((whole - kept + 2))
done
rm -f killed.h5* trace
BITFRONT_FAIL=other.write.middle:10:kill alone $folder -o killed.h5
alone $folder -o killed.h5
check "killed and continued without mpirun: the same bytes" cmp one.h5 killed.h5

# ---- arrays: on any number of ranks, killed and continued ----
cat > arrays.py << 'END'
import gzip, io, random, struct, zipfile
r, n = random.Random(3), 600
pixels, labels = r.randbytes(n * 3 * 12 * 10), [i % 5 for i in range(n)]
floats = struct.pack("<%df" % (n * 120), *(r.random() for _ in range(n * 120)))
def npy(kind, shape, data):
    head = ("{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (kind, shape)).encode()
    head += b" " * (63 - (10 + len(head)) % 64) + b"\n"
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(head)) + head + data
def put(path, data):
    with open(path, "wb") as f: f.write(data)
y = npy("<i4", (n,), struct.pack("<%di" % n, *labels))
x = npy("|u1", (n, 3, 12, 10), pixels)
put("x.npy", x); put("y.npy", y)
put("float.npy", npy("<f4", (n, 12, 10), floats))
with zipfile.ZipFile("xy.npz", "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr("y_train.npy", y); z.writestr("x_train.npy", x)
    z.writestr("x_test.npy", x); z.writestr("y_test.npy", y)
idx = b"\0\0\x08\x03" + struct.pack(">3I", n, 20, 18) + pixels
import os; os.makedirs("idx", exist_ok=True)
put("idx/train-images-idx3-ubyte.gz", gzip.compress(idx))
put("idx/train-labels-idx1-ubyte", b"\0\0\x08\x01" + struct.pack(">I", n) + bytes(labels))
END
$python arrays.py || exit 1
i=0
for arrays in "npy --images x.npy --labels y.npy --channels-first" "npy --images float.npy --labels y.npy --limit 1" \
    "npy --source xy.npz --channels-first" "idx --source idx"; do
    i=$((i + 1))
    alone prepare $arrays -o array.h5
    expect 0 "wrote array.h5" "$arrays"
    run 3 prepare $arrays -o array3.h5
    check "$arrays: the same bytes on three ranks" cmp array.h5 array3.h5
    rm array3.h5
    BITFRONT_FAIL=other.write.middle:6:kill@0 run $((i % 2 + 1)) prepare $arrays -o array3.h5
    check "$arrays, killed: parts are kept" test "$code" != 0 -a ! -e array3.h5 -a -s array3.h5.partial
    BITFRONT_FAIL_TRACE=arrays.trace run $((2 - i % 2)) prepare $arrays -o array3.h5
    check "$arrays, continued: the same bytes" cmp array.h5 array3.h5
    # Two writes for each part and two at the end; two of 5 or 10 parts were kept.
    check "$arrays: what was there is not made again" \
        test "$(grep -c other.write.before arrays.trace)" -le $(((i == 3 ? 2 : 1) * 10 - 2))
    check "$arrays: nothing is left beside it" test "$(ls array3.h5*)" = array3.h5
    rm -f arrays.trace
done
head -c 200000 x.npy > cut.npy
for ranks in 1 3; do
    run $ranks prepare npy --images cut.npy --labels y.npy --channels-first -o cut.h5
    expect 2 "cut.npy ends within its numbers: it is incomplete" "a cut array on $ranks ranks"
    check "nothing is left" test -z "$(ls cut.h5* 2> /dev/null)"
done
(cat x.npy; echo more) > long.npy
run 2 prepare npy --images long.npy --labels y.npy --channels-first -o cut.h5
expect 2 "long.npy goes on behind the (600, 3, 12, 10) numbers" "an array that goes on, on two ranks"
run 2 prepare idx --source pictures -o cut.h5
expect 2 "pictures has neither train-images-idx3-ubyte nor" "a folder without arrays, on two ranks"

# ---- a partial file that is no help ----
partial() { # partial: leaves killed.h5.partial, about half
    rm -f killed.h5*
    BITFRONT_FAIL=other.write.middle:16:kill alone $folder -o killed.h5
}
partial
$python -c 'f = open("killed.h5.partial", "r+b"); f.seek(300000); b = f.read(1)
f.seek(300000); f.write(bytes([b[0] ^ 4]))'
alone $folder -o killed.h5
expect 0 "killed.h5.partial is damaged: started afresh" "a damaged partial file"
check "the same bytes" cmp one.h5 killed.h5
partial
alone $folder --fit stretch -o killed.h5
expect 0 "killed.h5.partial belongs to another source or to other options: started afresh" "other options"
alone $folder --fit stretch -o stretched.h5
check "the bytes of the other options" cmp stretched.h5 killed.h5
partial
touch -d '2001-01-01' pictures/bee/077.png
alone $folder -o killed.h5
expect 0 "belongs to another source" "a picture that was touched"
check "the same bytes" cmp one.h5 killed.h5
for junk in "" x "$(seq 100)"; do
    rm -f killed.h5
    printf %s "$junk" > killed.h5.partial
    alone $folder -o killed.h5
    expect 0 "wrote killed.h5" "a partial file of ${#junk} bytes of something else"
    check "it is named" test "$(grep -c 'no partial data set: started afresh' out)" = $((${#junk} > 0))
    check "the same bytes" cmp one.h5 killed.h5
done
if command -v flock > /dev/null; then
    partial
    flock killed.h5.partial "$program" $folder -o killed.h5 > out 2>&1
    code=$?
    expect 2 "killed.h5.partial is being written by another bitfront prepare" "two at the same time"
    rm killed.h5.partial
fi

# ---- a full disk ----
echo old > killed.h5
BITFRONT_FAIL=other.write.middle:16:enospc alone $folder -o killed.h5
expect 3 "No space left on device; the same command goes on from killed.h5.partial" "a full disk"
check "the old file is as it was" test "$(cat killed.h5)" = old
run 3 $folder -o killed.h5
expect 0 "wrote killed.h5" "with room on the disk"
check "the same bytes" cmp one.h5 killed.h5
mkdir disk
if mount -t tmpfs -o size=6m tmpfs disk 2> /dev/null; then
    echo old > disk/full.h5
    run 2 $folder -o disk/full.h5
    expect 3 "No space left on device" "a disk that is full"
    check "the old file is as it was" test "$(cat disk/full.h5)" = old
    mount -o remount,size=64m disk
    run 2 $folder -o disk/full.h5
    expect 0 "wrote disk/full.h5" "the disk became larger"
    check "the same bytes" cmp one.h5 disk/full.h5
    umount disk
else
    echo "skipped: no right to mount a tmpfs, so no disk is full"
fi

# ---- pictures that cannot be read ----
for place in bee/003 fly/149; do echo "no picture" > pictures/$place.png; done
for ranks in 1 2 4; do
    run $ranks $folder -o bad.h5
    expect 2 "bitfront: pictures/bee/003.png is neither a PNG nor a JPEG picture" "the first bad picture, $ranks ranks"
    check "nothing is left" test -z "$(ls bad.h5* 2> /dev/null)"
    run $ranks $folder --skip-bad -o skipped$ranks.h5
    expect 0 "2 of 450 files were left out" "--skip-bad on $ranks ranks"
    check "both are named in their order" test "$(grep -n 'left out: ' out | cut -d' ' -f1-3 | tr '\n' ' ')" \
        = "1:left out: pictures/bee/003.png 2:left out: pictures/fly/149.png "
    check "the same bytes" cmp skipped1.h5 skipped$ranks.h5
done
rm pictures/bee/003.png pictures/fly/149.png
alone $folder -o without.h5
check "left out is as if they had not been there" cmp skipped1.h5 without.h5

# ---- files of 3 GB, and of one pixel ----
truncate -s 3G large
expect_small() { # expect_small "part of the message" "what it is" ARGUMENTS...: refused, in little memory
    local says=$1 what=$2
    shift 2
    (ulimit -v 1500000; "$program" "$@" -o large.h5) > out 2>&1
    code=$?
    expect 2 "$says" "$what"
    check "$what: nothing is left" test -z "$(ls large.h5* 2> /dev/null)"
}
expect_small "large holds 3221225472 bytes: too much" "a list of 3 GB" $folder --validation-list large
expect_small "large is not an idx file" "labels of 3 GB" prepare idx --images large --labels large
expect_small "large has no wnids.txt" "an archive of 3 GB" prepare tiny_imagenet --source large
mv large pictures/bee/large.png
expect_small "large.png has 3221225472 bytes; at most" "a picture of 3 GB" $folder
rm pictures/bee/large.png
$python - << 'END'
exec(open("pictures.py").read().split("for c, name")[0])
for i in range(10): write("dots/%s/%d.png" % ("ab"[i % 2], i), png(i, 1, 1))
END
alone prepare folder --source dots -o dots.h5
alone check dots.h5
expect 0 "1 x 1 x 3, 2 classes, 6 training, 2 validation, 2 test samples" "pictures of one pixel"

# ---- a bar on a terminal ----
if command -v script > /dev/null; then
    TERM=xterm script -qec "$program $folder -o bar.h5" typescript > /dev/null < /dev/null
    check "a terminal gets a bar" grep -q "[#.]\{24\}.* pictures: [0-9]* of 448" typescript
    check "in colour" grep -q "$(printf '\033\\[32m')\|pictures: 1 of" typescript
    NO_COLOR=1 TERM=xterm script -qec "$program $folder -o bar.h5" typescript > /dev/null < /dev/null
    check "NO_COLOR: a bar" grep -q "pictures: [0-9]* of 448" typescript
    check "NO_COLOR: no colour" test "$(grep -c "$(printf '\033\\[3')" typescript)" = 0
    TERM=dumb script -qec "$program $folder -o bar.h5" typescript > /dev/null < /dev/null
    check "a dumb terminal gets no bar" test "$(grep -c "pictures: " typescript)" = 0
fi

# ---- Tiny ImageNet: the archive, and what is in it ----
tiny="prepare tiny_imagenet --source"
$python -c 'import shutil; shutil.make_archive("tiny-imagenet-200", "zip", ".", "tiny-imagenet-200")'
mkdir flat
(cd tiny-imagenet-200 && $python -c 'import shutil; shutil.make_archive("../flat/tiny-imagenet-200", "gztar", ".")')
alone $tiny tiny-imagenet-200 -o unpacked.h5
expect 0 "wrote unpacked.h5" "the official folder"
alone check unpacked.h5
expect 0 "64 x 64 x 3, 3 classes, 54 training, 6 validation, 9 test samples" "the official folder"
alone $tiny tiny-imagenet-200.zip -o zip.h5
expect 0 "wrote zip.h5" "the official archive"
run 3 $tiny tiny-imagenet-200.zip -o zip3.h5
check "the same bytes on three ranks" cmp zip.h5 zip3.h5
alone $tiny flat/tiny-imagenet-200.tar.gz -o tar.h5
expect 0 "wrote tar.h5" "another archive, without the outer folder"
# The file says what it was read from: the last part of the path.
mkdir named
for archive in tiny-imagenet-200.zip flat/tiny-imagenet-200.tar.gz; do
    cp $archive named/tiny-imagenet-200
    alone $tiny named/tiny-imagenet-200 -o named.h5
    check "$archive: the same bytes as of the folder" cmp unpacked.h5 named.h5
done
for moment in 2 40 215; do # within unpacking, twice, and within the parts
    rm -f zip.h5*
    BITFRONT_FAIL=other.write.middle:$moment:kill alone $tiny tiny-imagenet-200.zip -o zip.h5
    check "killed at write $moment: nothing is there under the name" test ! -e zip.h5 -a -e zip.h5.members
    run 2 $tiny tiny-imagenet-200.zip -o zip.h5
    check "killed and continued: the same bytes" cmp zip.h5 zip3.h5
    check "nothing is left beside it" test "$(ls zip.h5*)" = zip.h5
done
BITFRONT_FAIL=other.write.middle:40:enospc run 2 $tiny tiny-imagenet-200.zip -o full.h5
expect 3 "cannot write full.h5.members: No space left on device" "a disk that is full of unpacked files"
check "nothing is left" test -z "$(ls full.h5* 2> /dev/null)"
size=$(stat -c %s tiny-imagenet-200.zip)
for cut in 0 1000 $((size / 2)) $((size - 3000)) $((size - 10)); do
    head -c $cut tiny-imagenet-200.zip > cut.zip
    alone $tiny cut.zip -o cut.h5
    check "an archive of $cut bytes of $size: exit code 2" test $code = 2
    check "it is named" grep -q "cut.zip" out
    check "nothing is left" test -z "$(ls cut.h5* 2> /dev/null)"
done
(cd pictures && $python -c 'import shutil; shutil.make_archive("../other", "zip", ".", "ant")')
alone $tiny other.zip -o cut.h5
expect 2 "other.zip has no wnids.txt: it is not the archive of Tiny ImageNet" "another archive"
rm tiny-imagenet-200/val/images/val_4.JPEG
$python -c 'import shutil; shutil.make_archive("missing", "zip", ".", "tiny-imagenet-200")'
alone $tiny missing.zip -o cut.h5
expect 2 "missing.zip has no tiny-imagenet-200/val/images/val_4.JPEG, which val_annotations.txt names" \
    "a missing picture"
printf 'val_1.JPEG\tn09\n' > tiny-imagenet-200/val/val_annotations.txt
$python -c 'import shutil; shutil.make_archive("wrong", "zip", ".", "tiny-imagenet-200")'
alone $tiny wrong.zip -o cut.h5
expect 2 "tiny-imagenet-200/val/val_annotations.txt in wrong.zip:1: n09 is no class of wnids.txt" "a wrong line"
finish
