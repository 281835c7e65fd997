#include "core/strategy/sample_options.h"

#include <math.h>

void sample_space_of_entry(sample_space *out, const graph *g, const sweep_entry *e)
{
    const sample_options *o = sample_options_of(e);
    static const int usual[] = {2, 4, 8};
    sample_choice choice = {.family = (sample_family)o->family};
    if (o->width_count > 0) {
        choice.option_count = o->width_count;
        for (int i = 0; i < o->width_count; i++) {
            choice.kept[i] = o->widths[i];
            choice.bits[i] = o->bits;
        }
    } else {
        choice.option_count = e->precision_count > 0 ? e->precision_count : 3;
        for (int i = 0; i < choice.option_count; i++) {
            choice.kept[i] = 1;
            choice.bits[i] = e->precision_count > 0 ? e->precisions[i] : usual[i];
        }
    }
    sample_space_make(out, g, &choice);
}

void sample_first_logits(real *logits, const sample_space *space, const sample_options *o)
{
    for (int f = 0; f < space->factor_count; f++)
        for (int i = 0; i < space->factors[f].options; i++)
            logits[space->first[f] + i] = space->choice.bits[i] == 8 && o->width_count == 0 ? -(real)log(2) : 0;
}
