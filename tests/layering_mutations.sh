#!/bin/bash
# The check of the arrows (layering.cmake) must fail, and name the file, for each fault that it is there to find.
# usage: bash tests/layering_mutations.sh [CMAKE]
set -u
cmake=${1:-cmake}
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/bitfront_layering_XXXXXX")
trap 'rm -rf "$work"' EXIT
failures=0

# What the check reads; run directories and builds stay where they are.
tar -C "$root" --exclude=results/runs --exclude=__pycache__ -cf "$work/tree.tar" \
    core hw_models results mpi tests configs CMakeLists.txt README.md CHANGELOG.md CONTRIBUTING.md || exit 1

fresh() {
    rm -rf "$work/tree" && mkdir "$work/tree" && tar -C "$work/tree" -xf "$work/tree.tar"
}

# CMake breaks long lines of a message: words are compared without them.
look() {
    "$cmake" -DROOT="$work/tree" -P "$work/tree/tests/layering.cmake" > "$work/out" 2>&1
    code=$?
    tr -s ' \n' ' ' < "$work/out" > "$work/words"
}

# must_find "the words of the message" "what was put in"
must_find() {
    look
    if [ $code = 0 ] || ! grep -qF -- "$1" "$work/words"; then
        failures=$((failures + 1))
        echo "NOT OK: $2: exit code $code, no words '$1'"
        grep -v '^$' "$work/out" | head -20
    else
        echo "ok: $2"
    fi
    fresh
}

# put FILE LINE: as the first line after the comment at the top.
put() {
    sed -i "0,/^#include/s||$2\n#include|" "$work/tree/$1"
}

fresh
look
[ $code = 0 ] || { echo "NOT OK: the check fails without a mutation"; cat "$work/out"; exit 1; }

put core/base/arena.c '#include "core/io/h5.h"'
must_find "core/base/arena.c: core/base may not include core/io/h5.h" "an arrow upwards inside core"
put results/file/columns.c '#include "results/run/run.h"'
must_find "results/file/columns.c: results/file may not include results/run/run.h" "an arrow upwards inside results"
put core/net/graph/graph_print.c '#include "core/net/model/model.h"'
must_find "core/net/graph/graph_print.c: core/net/graph may not include core/net/model/model.h" \
    "an arrow from the graph to the model"
put mpi/cli/options.c '#include "mpi/link/agree.h"'
must_find "mpi/cli/options.c: mpi/cli may not include mpi/link/agree.h" "an arrow from the command line to the ranks"
put hw_models/ne16.c '#include "core/train/trainer.h"'
must_find "hw_models/ne16.c: hw_models may not include core/train/trainer.h" \
    "an arrow from the cost models to the trainer"

put core/sweep/walltime.c 'static int of_text(const char *text) { return atoi(text); }'
must_find "core/sweep/walltime.c: texts become numbers by core/base/number.h" "a number that nobody checks"

put mpi/cli/cli.c '#include <mpi.h>'
must_find "mpi/cli/cli.c: <mpi.h> belongs in" "<mpi.h> in mpi/cli"
put mpi/sweep/worker.c '#include "mpi/link/mpi_status.h"'
must_find "mpi/sweep/worker.c: sees <mpi.h> through mpi/link/mpi_status.h" "<mpi.h> through a header"
put core/base/file.c '#include <dlfcn.h>'
must_find "core/base/file.c: <dlfcn.h> belongs in" "a library outside its home"

put core/base/arena.h '#include "core/base/span.h"'
put core/base/span.h '#include "core/base/arena.h"'
must_find "files include each other in a circle: core/base/arena -> core/base/span -> core/base/arena" \
    "a circle of two files"
put core/base/arena.h '#include "core/base/rng.h"'
put core/base/rng.h '#include "core/base/span.h"'
put core/base/span.h '#include "core/base/arena.h"'
must_find "files include each other in a circle: core/base/" "a circle of three files"

put core/base/arena.c '/* See core/base/no_such_file.h. */'
must_find "core/base/arena.c: there is no core/base/no_such_file.h" "a path that does not exist"
put results/run/run.h '/* The method is in no_such_document.md. */'
must_find "results/run/run.h: there is no no_such_document.md" "a document that does not exist"
put mpi/link/wire.h '/* As in exchanges.h. */'
must_find "mpi/link/wire.h: there is no exchanges.h" "a header that does not exist"
echo "See [the schema](results/SCHEMES.md)." >> "$work/tree/README.md"
must_find "README.md: there is no results/SCHEMES.md" "a dead link in a document"

mkdir "$work/tree/core/attic" && echo 'int attic;' > "$work/tree/core/attic/attic.c"
must_find "core/attic/attic.c: the room core/attic has no line in tests/layering.cmake" "a room without a rule"
sed -i 's/^set(allow_dead_references/& never_cited.md/' "$work/tree/tests/layering.cmake"
must_find "nobody cites never_cited.md" "an exception that nobody needs"
sed -i 's/^set(allow_arrows/& "core\/base\/arena.c>core\/io\/h5.h"/' "$work/tree/tests/layering.cmake"
must_find "the arrow core/base/arena.c>core/io/h5.h in allow_arrows does not exist" "an arrow allowed in vain"
sed -i 's/^set(allow_circles/& "core\/io\/h5>core\/base\/status"/' "$work/tree/tests/layering.cmake"
must_find "the arrow core/io/h5>core/base/status in allow_circles closes no circle" "a circle allowed in vain"

echo "$failures of the mutations were not found"
[ $failures = 0 ]
