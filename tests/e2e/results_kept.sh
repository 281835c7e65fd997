# What a key has once named it names for ever: every strategy and method that a key can choose trains what it trained
# when tests/e2e/results_kept.txt was written, or has another key. Where the mathematical functions of that machine are
# not at hand, keys alone are compared. `bash tests/e2e/results_kept.sh PROGRAM COMPARE --write` writes the file anew.
. tests/support/e2e.sh
known=$root/tests/e2e/results_kept.txt
digest=$(dirname "$compare")/digest_results
export BITFRONT_ISA=portable
small_data "$work/data.h5"
cp "$root/configs/networks/digits8.cfg" "$work/field_network.cfg"
# No eigenvectors: their last bits are those of a library.
sed 's/first_layer = "whitened"; //; /^sweep = (/,$d' "$root/tests/e2e/field.cfg" > "$work/all.cfg"
cp "$work/all.cfg" "$work/open.cfg"
cp "$work/all.cfg" "$work/best.cfg"
sed -n '/^sweep = (/,$p' "$root/tests/e2e/field.cfg" | sed '$d; s/; draws = 1; }$/&,/' >> "$work/all.cfg"
cat >> "$work/all.cfg" << 'END'
    { strategy = "joint"; cost_model = "size"; strengths = [1.0]; },
    { strategy = "mixprec"; cost_model = "mpic"; strengths = [1.0]; },
    { strategy = "layerwise"; cost_model = "ne16"; strengths = [1.0]; },
    { strategy = "impq"; cost_model = "size"; steps = 1; samples = 64; metric = "bound"; fractions = [0.5]; } );
END
cat >> "$work/open.cfg" << 'END'
quantizer = { batchnorm = "kept"; clips = "batchnorm"; levels = "open"; rounding = "even"; weight_step_2 = "midrise";
    weight_step_4 = "midrise"; weight_step_8 = "midrise"; };
sweep = ( { strategy = "impq"; cost_model = "mpic"; lower = "together"; steps = 1; samples = 64; fractions = [0.5]; },
    { strategy = "impq"; cost_model = "mpic"; lower = "activations"; steps = 1; samples = 64; fractions = [0.5]; },
    { strategy = "impq"; cost_model = "mpic"; lower = "activations"; steps = 1; samples = 64; fractions = [0.5];
      metric = "released"; },
    { strategy = "sensitivity"; kernels = 9; samples = 128; } );
END
# As the recipe best, with groups that are pruned as a whole, and as Zur et al.
cat >> "$work/best.cfg" << 'END'
quantizer = { batchnorm = "kept"; clips = "data"; before_add = "signed"; rounding = "nearest";
    weight_step_2 = "learned"; weight_step_4 = "learned"; weight_step_8 = "mse"; };
sweep = ( { strategy = "joint"; cost_model = "size"; strengths = [1000.0]; },
    { strategy = "trunk"; cost_model = "size"; targets = ["30 % of w2", "3 % of w2"]; pruned = "together"; },
    { strategy = "trunk"; cost_model = "ne16"; targets = ["90 % of w8"]; } );
END
{
    sed '/^finetune = /d' "$work/best.cfg" | sed '/^quantizer = /,$d'
    cat << 'END'
finetune = { epochs = 11; gradual = 1; weight_noise = 0.05; first_candidate_epoch = 0; };
quantizer = { batchnorm = "kept"; clips = "spread"; rounding = "even"; weight_step_2 = "deviation";
    weight_step_4 = "deviation"; weight_step_8 = "deviation"; };
sweep = ( { strategy = "fixed"; bits = [2]; } );
END
} > "$work/gradual.cfg"
for name in all open best gradual; do
    alone sweep "$work/$name.cfg" --out "$work/$name" --quiet
    expect 0 " 0 failed" "sweep $name"
done
"$digest" "$work"/{all,open,best,gradual}/tasks/*.h5 > "$work/now"
code=$?
check "digests of all tasks" test "$code" = 0
{ head -1 "$work/now" && tail -n +2 "$work/now" | sort -k 2,2 -k 1,1 | uniq; } > "$work/sorted"
if [ "${3:-}" = --write ]; then
    cp "$work/sorted" "$known"
    echo "wrote $known"
    exit
fi
same_keys() { # same_keys: which keys are gone, which are new
    diff <(tail -n +2 "$known" | cut -d ' ' -f 1,2) <(tail -n +2 "$work/sorted" | cut -d ' ' -f 1,2) && return
    echo "keys have changed: results of earlier versions are not found any more; CONTRIBUTING.md, When results change"
    return 1
}
same_digests() { # same_digests: results that have changed under a key that has not
    ! join <(tail -n +2 "$known" | sort) <(tail -n +2 "$work/sorted" | sort) |
        awk '$3 != $5 { print "task " $1 " of kind " $2 " has other results under the same key"; bad = 1 }
             END { if (bad) print "give the method a revision: CONTRIBUTING.md, When results change"; exit !bad }'
}
check "the keys are those of earlier versions" same_keys
if [ "$(head -1 "$known")" = "$(head -1 "$work/now")" ]; then
    check "a key that was there has its results" same_digests
else
    echo "skipped: results: $(head -1 "$work/now") here, $(head -1 "$known") there"
fi
finish
