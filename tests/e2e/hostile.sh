# Files with contents that nobody honest writes, under a right seal: every reader ends with a message or with numbers,
# nothing runs, nothing is drawn from them that a terminal, gnuplot, a browser or a spreadsheet would obey.
. tests/support/e2e.sh
python=/usr/bin/python3
"$python" -c 'import h5py' 2> /dev/null || { echo "skipped: needs python3-h5py"; exit 77; }
small_sweep "$work/small.cfg"
run 2 sweep "$work/small.cfg" --out "$work/kept" -q --set "seeds=[9007199254740993L, 9223372036854775807L]"
expect 0 "" "a sweep"
fresh() { rm -rf "$work/run" && cp -r "$work/kept" "$work/run"; }
key() { "$program" list "$work/kept" | awk -v id="$1" '$1 == id { print $2 }'; }
task_file() { ls "$work/run/tasks/$(key "$1")"*.h5; }

# spoil FILE EDIT: Python that changes the open HDF5 file f. The mark of a task file and the seal are made right again.
cat > "$work/spoil.py" << 'END'
import sys, zlib, h5py, numpy
path, edit = sys.argv[1:]
mark = open(path, "rb").read()[-24 - 64:-24]
def said(names, text): # the texts of attributes, everywhere
    def one(name, o):
        for a in o.attrs:
            if a in names: o.attrs[a] = numpy.bytes_(text)
    f.visititems(one)
with h5py.File(path, "r+") as f: exec(edit)
body = open(path, "rb").read() + (mark if mark.startswith(b"bitfront-task") else b"")
open(path, "wb").write(body + b"bitfront-crc32-\n%08x" % (zlib.crc32(body) & 0xffffffff))
END
spoil() { "$python" "$work/spoil.py" "$@" || check "the file is spoiled" false; }
# calm EXIT_CODES "what": the program, limited to 5 s and 1 GB, ended with one of them and said nothing raw.
calm() {
    check "$2: exit code $code" grep -qw "$code" <<< "$1"
    check "$2: no control characters" test "$(LC_ALL=C grep -c $'[\x01-\x08\x0b-\x1f\x7f]' "$work/out")" = 0
}
limited() { (ulimit -v 1500000 && alone "$@" && echo "$code" > "$work/code"); code=$(cat "$work/code"); }

# ---- texts that others obey, in results.h5 ----
fresh
printf '#!/bin/sh\ntouch pwned\n' > "$work/run/x" && chmod +x "$work/run/x"
spoil "$work/run/results.h5" 'said(["unit", "description"], b"bits'"'"'; system(\"./x; touch pwned\"); #\n"
    b"!touch pwned\x1b]0;t\x07<script>pwned</script>`touch pwned`")
s = f["points/strategy"][:]; del f["points/strategy"]
f["points/strategy"] = numpy.array([b"=cmd|\x27/C calc\x27!A0\x1b[31m<b>"] * len(s))
s = f["points/network"][:]; del f["points/network"]; f["points/network"] = numpy.array([b"@SUM(1,2)"] * len(s))'
(cd "$work/run" && alone front .)
calm "0 2" "front of hostile texts"
alone front "$work/run/results.h5" -o "$work/run/front"
calm "0 2" "front of the file"
alone plot "$work/run/results.h5" -o "$work/run/plot.svg"
calm "0 2 3" "plot of hostile texts"
alone report "$work/run/results.h5" -o "$work/run/page.html"
calm "0 2" "report of hostile texts"
alone status "$work/run"
calm "0 2" "status of hostile texts"
check "nothing was run" test -z "$(find "$work/run" . -maxdepth 1 -name pwned)"
check "a table was written" test -s "$work/run/front.csv"
check "no cell of it is a formula" "$python" -c '
import csv, sys
rows = list(csv.reader(open(sys.argv[1])))
texts = [c for r in rows[1:] for c in (r[1], r[2], r[12], r[13], r[14])]
sys.exit(not rows[1:] or any(c[:1] in "=+-@" and len(c) > 1 for c in texts if c) or "\x1b" in open(sys.argv[1]).read())
' "$work/run/front.csv"
if [ -s "$work/run/page.html" ]; then
    check "the page has no script of the file" test "$(grep -c '<script>pwned' "$work/run/page.html")" = 0
fi

# ---- every seed as it is, in the table of means ----
"$program" front "$work/kept" -o "$work/seeds" > /dev/null
check "seeds keep all their digits" test "$(cut -d, -f6 "$work/seeds.csv" | sort -u | tr '\n' ' ')" = \
    "9007199254740993 9223372036854775807 seed "

# ---- sizes that wrap round, in a task file with the right mark ----
name=$("$python" -c 'import h5py, sys; print(sorted(h5py.File(sys.argv[1])["model"])[0])' \
    "$work/kept/tasks/$(key 3)"*.h5)
for dims in "(1 << 62, 4)" "(1 << 32, 1 << 32)" "(1 << 62,)"; do
    fresh
    spoil "$(task_file 3)" "old = dict(f['model/$name'].attrs); del f['model/$name']
d = f.create_dataset('model/$name', $dims, 'f4', chunks=True); d.attrs.update(old)"
    limited check "$work/run"
    calm 2 "check of $dims"
    check "check of $dims names the values" \
        grep -q "'$name' claims [0-9]* bytes of values where the file stores 0" "$work/out"
    limited merge "$work/merged" "$work/run"
    calm "0 1 2" "merge of $dims"
    limited cost "$work/run" --point 3
    calm 2 "cost of $dims"
    rm -rf "$work/merged"
done

# ---- a precision that does not exist, in a task file with the right mark (found by fuzzing) ----
for bits in -3 100; do
    fresh
    spoil "$(task_file 3)" "f['allocation'][sorted(f['allocation'])[0] + '/bits'][0] = $bits"
    limited check "$work/run"
    calm 2 "check of a channel of $bits bit"
    check "check of $bits bit names the channel" grep -q "has the impossible precision of $bits bit" "$work/out"
done

# ---- columns of different lengths, and a results file of numbers that are none ----
fresh
spoil "$work/run/results.h5" 's = f["points/state"][:]; del f["points/state"], f["points/reason"]
f["points/state"] = numpy.array([b"failed"] * len(s)); f["points/reason"] = numpy.array([b"x\x1b[2J"])'
sed -i 's/"failed": *0/"failed": 1/' "$work/run/status.json"
alone status "$work/run"
calm 2 "status of columns that do not fit"
check "and says which" grep -q "reason" "$work/out"
fresh
spoil "$work/run/results.h5" 'f["points/size_bits"][:] = numpy.inf'
alone front "$work/run/results.h5" -o "$work/run/inf"
calm "0 2" "front of infinite costs"

for edit in size_bits=-5 size_bits=numpy.inf test_accuracy=2 validation_accuracy=numpy.inf id=0 \
    'state=b"odd"' 'role=b"odd"'; do
    fresh
    spoil "$work/run/results.h5" "f['points/${edit%%=*}'][2] = ${edit#*=}"
    for command in "front $work/run/results.h5 -o $work/run/x" "check $work/run"; do
        alone $command
        calm 2 "${command%% *} of $edit"
    done
done
fresh
spoil "$work/run/results.h5" "f['points/test_accuracy'][2] = numpy.nan"
alone check "$work/run"
expect 2 "differ in test_accuracy" "check of an accuracy that is missing in one place"
alone front "$work/run/results.h5" -o "$work/run/x"
check "front says that a point is left out" grep -q "1 finished point is left out" "$work/out"
fresh
spoil "$work/run/results.h5" "f['points/size_bits'][2] = 0"
alone front "$work/run/results.h5" -o "$work/run/x" --each-seed
check "front says where a point of cost 0 is" grep -q "1 point of cost 0 stands at the left edge" "$work/out"
check "the picture has a row for each point" \
    test "$(grep -cE '^[0-9.e+-]+( [0-9.e+-]+){6}$' "$work/run/x.gp")" = "$(($(wc -l < "$work/run/x.csv") - 1))"
check "and says so" grep -q "cost 0 at the left edge" "$work/run/x.gp"
fresh
spoil "$work/run/results.h5" "f['points/size_bits'][:] = 0"
alone front "$work/run/results.h5" -o "$work/run/x"
expect 0 "at the left edge" "front of points that all cost nothing"

# ---- records with impossible numbers, under the right mark and seal ----
for edit in "f['record'].attrs['test_accuracy'] = numpy.nan" "f['record'].attrs['validation_accuracy'] = 7.0" \
    "f['costs/size_bits'][...] = -5" "f['costs/size_bits'][...] = numpy.inf" \
    "f['model/$name'][...] = numpy.nan"; do
    fresh
    spoil "$(task_file 3)" "$edit"
    alone check "$work/run"
    calm 2 "check of $edit"
    check "it is named" grep -q "is done with the impossible" "$work/out"
    alone show "$work/run" --point 3
    calm 2 "show of $edit"
    alone merge "$work/merged" "$work/run"
    check "merge of $edit does not take it" test ! -e "$work/merged/tasks/$(basename "$(task_file 3)")"
    rm -rf "$work/merged"
done

# ---- an unsealed results.h5 is read by nobody ----
fresh
truncate -s -24 "$work/run/results.h5"
for command in status front best; do
    alone $command "$work/run"
    expect 2 "end mark" "$command without a seal"
done

# ---- a network whose memory wraps round 2^64 ----
{
    echo 'name = "wrap"; classes = 2; input = { channels = 1; height = 16384; width = 16384; };'
    echo 'layers = ( { name = "c0"; type = "conv"; out = 1024; kernel = 1; },'
    for i in $(seq 0 200); do echo "{ name = \"d$i\"; type = \"dropout\"; rate = 0.0; },"; done
    echo '{ name = "p"; type = "global_pool"; }, { name = "fc"; type = "linear"; out = 2; } );'
} > "$work/wrap.cfg"
limited bench step -n "$work/wrap.cfg" -t 1
calm 3 "a network that needs more than there is"
check "says that it is memory" grep -q "no memory" "$work/out"
finish
