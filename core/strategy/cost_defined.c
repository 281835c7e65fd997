#include "core/strategy/cost_defined.h"

#include "core/config/entry.h"
#include "core/cost/cost_list.h"

status cost_defined_check(const settings *s, const plan_place *at, const precision_choice *choice)
{
    const sweep_entry *e = &s->entries[at->entry];
    if (strcmp(e->cost_model, "none") == 0 || at->cost_models[0] == NULL) return status_ok();
    char place[ENTRY_PLACE];
    entry_place(place, s, at->entry);
    const cost_model *m = cost_list_find(at->cost_models, e->cost_model);
    if (m == NULL)
        return status_in(cost_list_unknown(at->cost_models, e->cost_model), "%.200s: sweep %s", s->path, place);
    const bool own = choice->activation_count > 0;
    const int *activations = own ? choice->activation_bits : s->search.activation_bits;
    const int activation_count = own ? choice->activation_count : s->search.activation_count;
    for (int i = 0; m->defined != NULL && i < choice->count; i++)
        for (int k = 0; k < activation_count; k++)
            if (choice->bits[i] > 0 && !m->defined(m, choice->bits[i], activations[k]))
                return status_fail(STATUS_CONFIG,
                                   "%.200s: sweep %s: %s does not say what weights of %d bit cost with activations of "
                                   "%d bit: take other precisions or another cost model",
                                   s->path, place, m->name, choice->bits[i], activations[k]);
    return status_ok();
}
