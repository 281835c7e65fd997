#!/bin/bash
# What settings bring, one by one: a sweep as it is, and once more for each line of a file of variants, all from the
# same warm-ups. Prints the mean over seeds of each point and, for a variant, the difference to the sweep as it is:
# paired by seed, with its standard error; below two of them it is called none. May be stopped and started again at any
# time.
#   variants.sh CONFIG VARIANTS OUT [options of the sweep]      # a line: NAME KEY=VALUE [KEY=VALUE...]
# Needs bitfront in the PATH (or BITFRONT=build/bitfront); LAUNCH="mpirun -n 3" in place of bitfront-run's own choice.
set -eu -o pipefail
[ $# -ge 3 ] || { sed -n '2,8s/^# \?//p' "$0" >&2; exit 2; }
config=$1 variants=$2 out=$3
shift 3
bitfront=${BITFRONT:-bitfront}
launch=${LAUNCH:-$bitfront-run}
[ "$launch" = "$bitfront-run" ] || launch="$launch $bitfront"
mkdir -p "$out"

points() # NAME: strategy, setting, seed, test accuracy in per cent, size in kB; one line each
{
    $bitfront front "$out/$1" --each-seed --cost size_bits -o "$out/$1/points" > /dev/null
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
             $at["strategy"] == "float" { next }
             { setting = $at["bits"] > 0 ? "w" $at["bits"] : $at["target"] > 0 ? "to " $at["target"] : $at["strength"]
               gsub(" ", "_", setting)
               print $at["strategy"], setting, $at["seed"], 100 * $at["test_accuracy"], $at["size_bits"] / 8000 }
            ' "$out/$1/points.csv"
}

train() # NAME [options]
{
    local name=$1
    shift
    $launch sweep "$config" --out "$out/$name" -q "$@" < /dev/null
}

train as_it_is "$@"
points as_it_is > "$out/as_it_is.txt"
while read -r name settings; do
    case $name in '' | '#'*) continue ;; esac
    sets=()
    for setting in $settings; do sets+=(--set "$setting"); done
    train "$name" --reuse "$out/as_it_is" "${sets[@]}" "$@"
    points "$name" > "$out/$name.txt"
done < "$variants"

{
    echo "variant,strategy,setting,seeds,size_kB,test_accuracy_percent,difference,standard_error,verdict"
    for file in "$out/as_it_is.txt" $(awk 'NF && $1 !~ /^#/ { print $1 }' "$variants" | sed "s|.*|$out/&.txt|"); do
        awk -v name="$(basename "$file" .txt)" '
            NR == FNR { base[$1 "," $2 "," $3] = $4; next }
            { point = $1 "," $2; if (!(point in n)) order[++points] = point
              n[point]++; sum[point] += $4; size[point] += $5
              d = $4 - base[point "," $3]; dsum[point] += d; dsquare[point] += d * d }
            END { for (i = 1; i <= points; i++) {
                p = order[i]; k = n[p]; mean = dsum[p] / k
                spread = dsquare[p] - k * mean * mean
                error = k > 1 && spread > 0 ? sqrt(spread / (k - 1) / k) : 0
                verdict = name == "as_it_is" ? "" : k < 2 ? "one seed" : mean > 2 * error ? "better" \
                          : -mean > 2 * error ? "worse" : "none"
                printf "%s,%s,%d,%.2f,%.2f,%.2f,%.2f,%s\n", name, p, k, size[p] / k, sum[p] / k, mean, error, verdict
            } }
        ' "$out/as_it_is.txt" "$file"
    done
} > "$out/table.csv"
column -s, -t < "$out/table.csv"
