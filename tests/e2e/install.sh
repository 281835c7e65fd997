#!/bin/bash
# Installed into an empty prefix, and as a Debian package: everything is there and is found from any directory, manual
# pages and completion are what the tables say, the demo runs without the source.
. "$(dirname "$0")/../support/e2e.sh"
build=$(dirname "$program")

stage() { # stage FOLDER: what is checked of an installation, wherever it came from
    local top=$1 bin=$1/usr/bin
    mkdir -p "$work/empty" && cd "$work/empty" || exit 1
    code=0
    "$bin/bitfront" cost resnet8 > "$work/out" 2>&1 || code=$?
    check "$2: cost resnet8 from an empty directory" grep -q 'bops_accumulator' "$work/out"
    "$bin/bitfront" cost configs/networks/dscnn.cfg > "$work/out" 2>&1 || code=$?
    check "$2: so is the path in the clone" grep -q 'ram ' "$work/out"
    "$bin/bitfront" cost resnet9 > "$work/out" 2>&1 && code=0
    check "$2: a misspelt network has a suggestion" grep -q 'did you mean resnet8' "$work/out"
    "$bin/bitfront" prepare synthetic -o data/synthetic.h5 --train 64 --validation 32 --test 32 > "$work/out" 2>&1
    "$bin/bitfront" plan demo > "$work/out" 2>&1 || code=$?
    check "$2: plan demo takes the data of the current directory" \
        grep -q "^data: .*empty/data/synthetic.h5: " "$work/out"
    echo 'network = "resnet8"; data = "data/synthetic.h5"; recipe = "best";
        sweep = ( { strategy = "fixed"; bits = [8]; } );' > mine.cfg
    "$bin/bitfront" plan mine.cfg > "$work/out" 2>&1 || code=$?
    check "$2: network and recipe of an own configuration are found" grep -q 'fixed' "$work/out"
    for file in bin/bitfront-run share/bitfront/configs/networks/resnet8.cfg share/bitfront/configs/recipes/best.cfg \
        share/bitfront/configs/demo.cfg share/bitfront/configs/slurm/sweep.sbatch share/bitfront/configs/demo.sh \
        share/bitfront/results/examples/seeds.py share/doc/bitfront/results/SCHEMA.md \
        share/doc/bitfront/core/METHOD.md \
        share/doc/bitfront/copyright share/zsh/vendor-completions/_bitfront \
        share/bash-completion/completions/bitfront-run; do
        check "$2: has $file" test -n "$(compgen -G "$top/usr/$file*")"
    done
    cd "$root" || exit 1
}

cmake --build "$build" --target manual > "$work/out" 2>&1
check "manual pages and completion are built" test $? = 0
DESTDIR=$work/root cmake --install "$build" --prefix /usr > "$work/out" 2>&1
check "cmake --install into an empty prefix" test $? = 0
stage "$work/root" installed

# A page for every command, each with the options of its help.
pages=$work/root/usr/share/man/man1
for verb in $("$program" --help | sed -n 's/^  bitfront \([a-z]*\) .*/\1/p'); do
    check "manual page of $verb" test -s "$pages/bitfront-$verb.1"
    for option in $("$program" "$verb" --help 2> /dev/null | sed -n 's/^ .*--\([a-z-]*\) .*/\1/p' | sort -u); do
        check "$verb: --$option is in its page" grep -qF -- "\\-\\-${option//-/\\-}" "$pages/bitfront-$verb.1"
    done
    examples=$("$program" "$verb" --help | sed '1,/^Examples:/d' | grep "bitfront\(-run\)\? $verb ")
    for option in $(grep -o -- '--[a-z-]*' <<< "$examples" | sort -u); do
        check "$verb: $option of its examples is an option" grep -qF -- "${option//-/\\-}" "$pages/bitfront-$verb.1"
    done
    check "$verb: its help has examples" bash -c "'$program' $verb --help | grep -q '^Examples:'"
done
check "manual page of bitfront-run" grep -q 'relaunches' "$pages/bitfront-run.1"
if command -v man > /dev/null; then
    for page in "$pages"/*.1; do
        LC_ALL=C.UTF-8 MANROFFSEQ='' man --warnings -E UTF-8 -l "$page" > /dev/null 2> "$work/out"
        check "man shows ${page##*/} without a warning" test ! -s "$work/out"
    done
else
    echo "skipped: man is not there, the pages are not formatted"
fi
if command -v mandoc > /dev/null; then
    check "mandoc finds no error" mandoc -T lint -W error "$pages"/*.1
else
    echo "skipped: mandoc is not there"
fi

complete_words() { # complete_words WORD...: what bash offers behind these words, the last of which is begun
    bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _bitfront; printf "%s\n" "${COMPREPLY[@]}"' \
        "$work/root/usr/share/bash-completion/completions/bitfront" "$@"
}
check "bash completes commands" test "$(complete_words bitfront sw)" = sweep
check "bash completes commands of bitfront-run" test "$(complete_words bitfront-run -n 3 sw)" = sweep
check "bash completes options" test "$(complete_words bitfront front --is)" = --iso
check "bash completes values that are words" test "$(complete_words bitfront sweep --progress pl)" = plain
check "bash completes kinds of data" test "$(complete_words bitfront prepare cif)" = cifar10
check "bash completes their options" test "$(complete_words bitfront prepare folder --cha)" = --channels
check "bash leaves files to the shell" test -z "$(complete_words bitfront front resu)"
if command -v zsh > /dev/null; then
    check "zsh reads its completion" zsh -n "$work/root/usr/share/zsh/vendor-completions/_bitfront"
    typed() { # typed "BEGUN LINE" "WHAT IT BECOMES": with the tabulator, in a zsh of its own
        timeout 60 zsh -f tests/support/complete.zsh "$work/root/usr/share/zsh/vendor-completions" "$1" > "$work/out"
        check "zsh completes $1" grep -qF -- "$2" "$work/out"
    }
    typed "bitfront sw" "bitfront sweep"
    typed "bitfront-run -n 3 sw" "bitfront-run -n 3 sweep"
    typed "bitfront front --is" "bitfront front --iso"
    typed "bitfront sweep --progress pl" "bitfront sweep --progress plain"
    typed "bitfront prepare cif" "bitfront prepare cifar10"
    typed "bitfront prepare folder --chan" "bitfront prepare folder --channels"
    typed "bitfront front --format " latex
else
    echo "skipped: zsh is not there"
fi

for tool in cpack dpkg dpkg-shlibdeps; do
    command -v $tool > /dev/null && continue
    echo "skipped: no Debian package without $tool"
    finish
done
(cd "$build" && cpack -G DEB -B "$work/deb") > "$work/out" 2>&1
check "cpack makes a Debian package" test $? = 0
package=$(compgen -G "$work/deb/bitfront_*.deb")
dpkg -c "$package" > "$work/contents" 2>&1
check "the package has the program" grep -q ' ./usr/bin/bitfront$' "$work/contents"
check "the package has manual pages" grep -q 'man1/bitfront-front.1' "$work/contents"
check "the package writes below /usr only" bash -c "! grep -v ' ./usr/' '$work/contents' | grep -qv ' ./$'"
dpkg -f "$package" Depends > "$work/out" 2>&1
check "the package names its libraries" grep -q 'libhdf5' "$work/out"
check "the package names Open MPI" grep -q 'openmpi-bin' "$work/out"
dpkg -x "$package" "$work/unpacked"
stage "$work/unpacked" package

mkdir "$work/demo" && cd "$work/demo" || exit 1
"$work/unpacked/usr/bin/bitfront" prepare synthetic -o data/synthetic.h5 --train 256 --validation 64 --test 64 \
    > "$work/out" 2>&1
code=0
PATH=$work/unpacked/usr/bin:$PATH bash "$work/unpacked/usr/share/bitfront/configs/demo.sh" --set warmup.epochs=1 \
    --set search.epochs=1 --set search.first_candidate_epoch=0 --set finetune.epochs=1 \
    --set warmup.first_candidate_epoch=0 --set finetune.first_candidate_epoch=0 > "$work/out" 2>&1 || code=$?
check "the demo of the package runs" test $code = 0
check "the demo names the picture" grep -q "^the picture: .*results/runs/demo/front.png" "$work/out"
check "the picture is there" test -s results/runs/demo/front.png -o -z "$(command -v gnuplot)"
check "the demo names the best point" grep -q 'the best point within 8 kB' "$work/out"
check "the demo names three next commands" test "$(sed '1,/^next:$/d' "$work/out" | grep -c '^  bitfront ')" = 3
sed '1,/^next:$/d; s/ *#.*//' "$work/out" > "$work/next"
while read -r line; do
    check "it works: $line" bash -c "PATH=$work/unpacked/usr/bin:\$PATH; $line"
done < "$work/next"
cd "$root" || exit 1
finish
