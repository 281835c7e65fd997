# A trunk that lowers activations: budgets that weights alone cannot reach are met, by both ways to choose; what it does
# not understand it says before anything starts.
. tests/support/e2e.sh
small_data "$work/data.h5"
cp "$root/configs/networks/digits8.cfg" "$work/field_network.cfg"
trunk_sweep() { # trunk_sweep FILE ENTRY
    sed '/^sweep/,$d' "$root/tests/e2e/field.cfg" > "$1"
    local targets='targets = ["90 % of w4", "80 % of w2"];'
    printf 'sweep = ( { strategy = "trunk"; cost_model = "mpic"; precisions = [2, 4, 8];\n    %s %s } );\n' \
        "$targets" "$2" >> "$1"
}

# meets CSV: every point of a target costs no more, and not less than 90 % of it; the last column is the share.
meets() {
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
        $at["target"] > 0 { n++; s = $at["mpic_cycles"] / $at["target"]; print s; if (s > 1 || s < 0.9) bad++ }
        END { exit !(n == 2 && bad == 0) }' "$1"
}

for rule in sensitivity gradient; do
    trunk_sweep "$work/$rule.cfg" "activation_bits = [2, 4, 8]; allocation = \"$rule\";"
    alone sweep "$work/$rule.cfg" --out "$work/$rule"
    expect 0 "5 tasks done, 0 failed" "$rule"
    alone front "$work/$rule" --out "$work/$rule" --cost mpic
    check "$rule: budgets are met from below" meets "$work/$rule.csv"
    alone show "$work/$rule" --point 5
    check "$rule: the second budget has activations below 8 bit" \
        awk '/mean bits/ { inside = 1 } inside && ($8 == 2 || $8 == 4) { n++ } END { exit !(n > 0) }' "$work/out"
done

# Without activations the second budget is out of reach.
trunk_sweep "$work/weights.cfg" ""
sed -i 's/activation_bits = \[4, 8\]/activation_bits = [8]/' "$work/weights.cfg"
alone plan "$work/weights.cfg"
expect 2 "raise the target" "a budget that only activations reach"
trunk_sweep "$work/odd.cfg" "activation_bits = [3, 8];"
alone plan "$work/odd.cfg"
expect 2 "activation_bits" "activations of 3 bit"
finish
