#!/bin/bash
# The form of scripts and configurations, which no tool formats: 120 columns at most, no tabulators, no blanks at the
# end of a line, a newline at the end of the file (.editorconfig). Names every line that is different. Left out are
# networks, whose layers are rows, and what the program prints (example.cfg).
#   bash tests/script_format.sh [FILE...]
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C.UTF-8
wrong=0

scripts() {
    find core hw_models mpi results tests configs -type f -regextype posix-extended \
        -regex '.*(\.(sh|py|cmake|zsh)|/CMakeLists\.txt|/bitfront-run)'
    find tests -name '*.js'
    find configs tests/e2e -name '*.cfg' ! -path '*/networks/*' ! -name example.cfg ! -name small_network.cfg
    ls CMakeLists.txt .ci/run
}

[ $# = 0 ] && mapfile -t files < <(scripts) || files=("$@")
for file in "${files[@]}"; do
    grep -nHE $'^.{121,}|\t|[ \r]$' "$file" && wrong=1
    [ -z "$(tail -c 1 "$file")" ] || { echo "$file: no newline at the end"; wrong=1; }
done
[ $wrong = 0 ] && echo "ok: the form of ${#files[@]} scripts" || echo "these lines are too long, or hold blanks"
exit $wrong
