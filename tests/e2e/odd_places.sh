# What stands at the place of a file, what a clock said, what another job has left in the environment: nothing of it
# makes a command wait, loses what is there, or is believed.
. tests/support/e2e.sh

small_sweep "$work/small.cfg"
cd "$work" || exit 1
"$program" sweep small.cfg --out kept -q --set "seeds=[1]" > out 2>&1 || exit 1
fresh() { rm -rf run && cp -a kept run; }
limited() { # limited SECONDS ARGUMENTS...
    timeout -k 1 "$1" "$program" "${@:2}" > out 2>&1 < /dev/null
    code=$?
}

# ---- outputs: only plain files are replaced, links are followed, what is private stays so ----
mkdir there
while read -r name command; do
    rm -f out.*
    mkfifo "$name"
    limited 20 $command
    expect 2 "cannot write" "$command over a FIFO"
    check "$command: the FIFO is there" test -p "$name"
    rm "$name" && ln -s "there/real" "$name"
    limited 20 $command
    check "$command through a link: exit code 0" test "$code" = 0
    check "$command: the link is there, and its file" test -L "$name" -a -s there/real
    rm -f "$name" there/real && echo old > "$name" && chmod 600 "$name"
    limited 20 $command
    check "$command: permissions stay" test "$(stat -c %a "$name")" = 600
done << END_OF_LIST
out.csv front kept -o out
out.tex front kept -o out --format latex
out.html report kept -o out.html
out.csv eval kept --point 3 --predictions out.csv
END_OF_LIST
if command -v gnuplot > /dev/null; then
    for kind in png svg pdf; do
        rm -f pic.*
        mkfifo pic.$kind
        limited 20 plot kept -o pic.$kind
        expect 2 "it is a FIFO" "plot over a FIFO named .$kind"
        rm pic.$kind && ln -s there/real.$kind pic.$kind
        limited 20 plot kept -o pic.$kind
        check ".$kind through a link" test "$code" = 0 -a -L pic.$kind -a -s there/real.$kind
    done
    check "the script draws by hand, too" eval 'rm there/real.pdf && gnuplot pic.gp && test -s there/real.pdf'
fi
ln -s nowhere folder
limited 20 export kept --point 3 --format npz -o folder
expect 2 "is there already" "export into a link that leads nowhere"
: > file
limited 20 merge file kept
expect 2 "file is not a directory" "merge into a file"

# ---- FIFOs inside a run directory ----
for name in status.json log.jsonl results.h5 config.cfg data.checksum space.tmp; do
    fresh
    rm -f "run/$name" && mkfifo "run/$name"
    limited 10 status run
    check "status with a FIFO as $name ends" test "$code" != 124
    limited 20 sweep small.cfg --out run -q --set "seeds=[1]"
    check "sweep with a FIFO as $name ends" test "$code" != 124
done
fresh
: > run/data.checksum
limited 10 check run
expect 2 "holds no checksum" "an empty checksum"

# ---- times in the future ----
fresh
sed -i -e 's/"time": "[^"]*"/"time": "2099-01-01T00:00:00Z"/' -e 's/"state": "[a-z]*"/"state": "running"/' \
    -e 's/machine /machine x/' run/status.json
limited 20 status run --watch
check "status --watch of a job of the future ends: exit code 0" test "$code" = 0
check "it is silent, and its clock is wrong" grep -q "silent, last update .* in the future" out
touch -d "+3 days" run/status.json.tmp-00000011 "run/claims/.0123456789abcdef.new" run/jobs/0123456789abcdef.json
limited 20 sweep small.cfg --out run -q --set "seeds=[1]" --lease 2
check "files of the future are cleaned away" \
    test "$code$(find run -name '*tmp-*' -o -name '.0*.new' -o -name '0123456789abcdef.json' | wc -l)" = 00

# ---- limits of file sizes: a message, no signal ----
for command in "report kept -o big.html" "export kept --point 3 -f c -o big" "merge big kept"; do
    rm -rf big*
    (ulimit -f 20 && exec "$program" $command) > out 2>&1
    code=$?
    expect 3 "File too large" "$command under ulimit -f"
    check "$command: nothing half written" test -z "$(compgen -G 'big*tmp*')"
done

# ---- variables of jobs that have ended ----
(export OMPI_COMM_WORLD_RANK=1 && exec "$program" plan small.cfg) > out 2>&1
check "a rank without its launcher does the work" grep -q "^network small" out
(export OMPI_COMM_WORLD_RANK=2 PMIX_RANK=2 PMIX_SERVER_TMPDIR="$work/gone" &&
    exec "$program" plan nothing.cfg) > out 2>&1
code=$?
expect 2 "does not exist" "a rank of a job that has ended"
(export SLURM_JOB_ID=1 SLURM_JOB_END_TIME=1000 &&
    exec "$program" sweep small.cfg --out ended -q --set "seeds=[1]" --set "warmup.epochs=1") > out 2>&1
code=$?
expect 0 "lies in the past" "the end of another job"
for command in "sweep small.cfg --out none -q" "bench step --network small_network.cfg --seconds 1"; do
    (export OMPI_MCA_btl=nonsense OMPI_MCA_pml=ob1 &&
        exec mpirun -q --oversubscribe -n 2 "$program" $command) > out 2>&1
    code=$?
    check "MPI cannot start under mpirun, ${command%% *}: exit code 3" test "$code" = 3
done

# ---- signals while another program draws ----
mkdir bin && printf '#!/bin/sh\nexec sleep 60\n' > bin/gnuplot && chmod +x bin/gnuplot
for signal in TERM INT; do
    PATH=$work/bin:$PATH "$program" plot kept -o slow.svg > out 2>&1 &
    pid=$!
    for i in $(seq 100); do compgen -G 'slow.svg.tmp*' > /dev/null && break || sleep 0.05; done
    kill -$signal $pid
    wait $pid
    code=$?
    expect 75 "stopped by a signal" "$signal while gnuplot draws"
    check "$signal: no temporary file is left" test -z "$(compgen -G 'slow.svg*')"
done

# ---- the program alone, without the one beside it that prepares data ----
mkdir alone && cp "$program" alone/bitfront
"$PWD/alone/bitfront" prepare synthetic -o alone/data.h5 > out 2>&1
code=$?
expect 3 "alone/bitfront-prepare, which belongs beside bitfront" "prepare without bitfront-prepare"
check "prepare without bitfront-prepare: nothing is written" test ! -e alone/data.h5
ln -s "$program" linked
./linked prepare synthetic --train 20 --validation 10 --test 10 -o linked.h5 > out 2>&1
check "prepare by a link to the program" test $? = 0 -a -s linked.h5
finish
