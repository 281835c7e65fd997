/* Claim training: the joint search against pruning first. */
#include <math.h>
#include <stddef.h>

#include "results/report/verdict_claims.h"

/* The joint point of this seed that validation would choose among those that cost no more; NULL: none. */
static const verdict_row *joint_beside(const verdict_row *rows, int count, const verdict_row *other)
{
    const verdict_row *best = NULL;
    for (int i = 0; i < count; i++)
        if (verdict_is_of(&rows[i], "joint") && rows[i].seed == other->seed && rows[i].network == other->network &&
            rows[i].cost <= other->cost && (best == NULL || rows[i].validation > best->validation))
            best = &rows[i];
    return best;
}

static void judge(verdict_finding *out, const verdict_row *rows, int count)
{
    int pairs = 0;
    double sum = 0, squares = 0, sequential = 0, joint = 0;
    for (int i = 0; i < count; i++) {
        if (!verdict_is_of(&rows[i], "pit_mixprec")) continue;
        const verdict_row *beside = joint_beside(rows, count, &rows[i]);
        if (beside == NULL) continue;
        const double gain = beside->test - rows[i].test;
        pairs++;
        sum += gain;
        squares += gain * gain;
        sequential += rows[i].epochs;
        joint += beside->epochs;
    }
    verdict_add(out, pairs, "", "pairs");
    if (pairs < 2 || joint <= 0) return;
    const double mean = sum / pairs, error = sqrt(fmax(squares / pairs - mean * mean, 0) / (pairs - 1));
    verdict_add(out, mean, "points", "joint - sequential");
    verdict_add(out, error, "points", "standard error");
    verdict_add(out, sequential / pairs, "epochs", "sequential, a point without warm-up");
    verdict_add(out, joint / pairs, "epochs", "joint, a point without warm-up");
    verdict_add(out, sequential / joint, "", "epochs sequential / joint");
    out->outcome = sequential > joint && mean >= -2 * error ? VERDICT_SUPPORTED : VERDICT_NOT_SUPPORTED;
}

const verdict_claim verdict_training_claim = {
    .name = "training",
    .cost = "size_bits",
    .hypothesis =
        "A joint search reaches what pruning first and searching precisions then reaches, with less training.",
    .test =
        "each pit_mixprec point beside the joint point of its seed that validation chooses among those that cost no "
        "more: supported if the epochs are fewer and the mean difference is not below two standard errors",
    .needs = "points of strategies pit_mixprec and joint, at least two pairs",
    .judge = judge};
