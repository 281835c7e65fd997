# Fuzzing of the readers of foreign files (pictures, sounds, .npy, .npz, idx): bash tests/fuzz/run.sh [SECONDS for each]
# Needs clang with libFuzzer. What it finds is kept in ${TMPDIR:-/tmp}/bitfront_fuzz; exit code 0: nothing was found.
set -u
cd "$(dirname "$0")/../.." || exit 1
seconds=${1:-15}
place=${TMPDIR:-/tmp}/bitfront_fuzz
if ! command -v clang > /dev/null || ! echo 'int LLVMFuzzerTestOneInput(const char *b, unsigned long n) { return 0; }' |
    clang -x c -fsanitize=fuzzer - -o /dev/null 2> /dev/null; then
    echo "skipped: clang with libFuzzer is not installed"
    exit 77
fi
packages="libarchive libpng libjpeg sndfile libcrypto"
sources="core/data/archive.c core/data/import/array_file.c core/data/import/npy_file.c core/data/import/idx_file.c
    core/data/import/picture.c core/data/import/picture_png.c core/data/import/picture_jpeg.c
    core/data/import/picture_scale.c core/data/import/wave_file.c core/base/checksum.c core/base/status.c
    core/base/file.c core/base/fail_point.c core/base/text.c"
found=0
for reader in picture wave npy idx; do
    mkdir -p "$place/$reader/corpus"
    clang -std=c11 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
        -DFUZZ_READER=read_$reader \
        -I. tests/fuzz/fuzz_readers.c $sources $(pkg-config --cflags --libs $packages) -lm -o "$place/fuzz_$reader" ||
        exit 1
    echo "$reader: $seconds s"
    "$place/fuzz_$reader" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=3000 -max_len=20000 \
        -print_final_stats=1 \
        -artifact_prefix="$place/$reader/" "$place/$reader/corpus" tests/fuzz/seeds/$reader > "$place/$reader/log" 2>&1
    if [ $? = 0 ]; then
        grep number_of_executed_units "$place/$reader/log"
    else
        found=$((found + 1))
        tail -30 "$place/$reader/log"
    fi
done
echo "$found readers failed"
[ $found = 0 ]
