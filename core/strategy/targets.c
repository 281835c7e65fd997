#include "core/strategy/targets.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/number.h"
#include "core/base/unit.h"
#include "core/config/entry.h"
#include "core/cost/cost_budget.h"
#include "core/cost/cost_list.h"
#include "core/cost/cost_total.h"

enum { WORD = 32, WORDS = 4 };

/* What the unpruned network costs with all weights at `bits` and activations at 8 bit. */
static status uniform_cost(double *out, const cost_model *m, const graph *g, int bits)
{
    group_choice *groups = calloc((size_t)g->group_count + 1, sizeof *groups);
    if (groups == NULL) return status_fail(STATUS_MEMORY, "no memory for the cost of %s", g->name);
    cost_uniform(groups, g, bits, 8);
    *out = cost_total(m, g, groups, false, NULL);
    free(groups);
    return status_ok();
}

/* A number and up to four words behind it; "%" is a word of its own. False: the text is something else. */
static bool split_text(double *number, char words[WORDS][WORD], int *count, const char *text)
{
    const char *rest = text + strspn(text, " ");
    *count = 0;
    if (!number_take_real(number, &rest, DBL_MIN, DBL_MAX)) return false;
    for (rest += strspn(rest, " "); *rest != '\0'; rest += strspn(rest, " ")) {
        size_t length = *rest == '%' ? 1 : strcspn(rest, " %");
        if (*count == WORDS || length >= WORD) return false;
        snprintf(words[(*count)++], WORD, "%.*s", (int)length, rest);
        rest += length;
    }
    return *count > 0;
}

/* "w4": bits; 0: something else. */
static int fixed_bits(const char *word)
{
    return word[0] == 'w' && word[1] >= '1' && word[1] <= '8' && word[2] == '\0' ? word[1] - '0' : 0;
}

/* The model that is named, or the one that a unit of memory names, or the usual one; NULL: none. */
static const cost_model *choose_model(const char *name, const char *unit, const cost_model *usual,
                                      const cost_model *const *cost_models)
{
    if (name != NULL) return cost_list_find(cost_models, name);
    if (usual != NULL && (unit == NULL || unit_factor(unit, usual->unit) != 0)) return usual;
    const cost_model *size = cost_list_find(cost_models, "size");
    return unit != NULL && size != NULL && unit_factor(unit, size->unit) != 0 ? size : usual;
}

static status read_value(double *out, const char *text, double number, char words[WORDS][WORD], bool relative,
                         const cost_model *m, const graph *g)
{
    if (relative) {
        const int bits = fixed_bits(words[2]);
        if (bits == 0) return status_fail(STATUS_CONFIG, "is \"%.40s\": part of what? Write w8, w4 or w2", text);
        TRY(uniform_cost(out, m, g, bits));
        *out *= number / 100;
        return status_ok();
    }
    *out = number * unit_factor(words[0], m->unit);
    if (*out > 0) return status_ok();
    char choices[64];
    unit_choices(choices, m->unit);
    return status_fail(STATUS_CONFIG, "is \"%.40s\": %s is counted in %s, not in \"%.30s\"; write %s", text, m->name,
                       m->unit, words[0], choices);
}

status targets_read(budget *out, const char *text, const cost_model *usual, const graph *g,
                    const cost_model *const *cost_models)
{
    char words[WORDS][WORD];
    double number, value = 0;
    int count;
    if (!split_text(&number, words, &count, text))
        return status_fail(STATUS_CONFIG,
                           "is \"%.40s\"; write a budget like \"32 kB\", \"1.5e6 cycles mpic\" or \"90 %% of w4\"",
                           text);
    const bool relative = count >= 3 && strcmp(words[0], "%") == 0 && strcmp(words[1], "of") == 0;
    const int used = relative ? 3 : 1;
    const char *name = count > used ? words[used] : NULL;
    const cost_model *m = choose_model(name, relative ? NULL : words[0], usual, cost_models);
    if (m == NULL || count > used + 1)
        return status_in(cost_list_unknown(cost_models, name != NULL ? name : ""), "is \"%.40s\"", text);
    TRY(read_value(&value, text, number, words, relative, m, g));
    *out = (budget){.cost_model = m->name, .value = value};
    return status_ok();
}

status targets_full_cost(double *out, const cost_model *m, const graph *g)
{
    return uniform_cost(out, m, g, 8);
}

static status check_reachable(const budget *b, const char *text, const settings *s, const plan_place *at,
                              const precision_choice *choice)
{
    const sweep_entry *e = &s->entries[at->entry];
    const cost_model *m = cost_list_find(at->cost_models, b->cost_model);
    int8_t *activations = malloc((size_t)at->graph->group_count + 1);
    if (activations == NULL) return status_fail(STATUS_MEMORY, "no memory for the cost of %s", at->graph->name);
    const int *bits = choice->activation_count > 0 ? choice->activation_bits : s->search.activation_bits;
    memset(activations, bits[0], (size_t)at->graph->group_count + 1);
    activations[at->graph->group_count] = (int8_t)s->search.input_bits[0];
    double least;
    status found = cost_budget_least(&least, NULL, at->graph,
                                     &(cost_budget){.model = m,
                                                    .target = b->value,
                                                    .candidates = choice->bits,
                                                    .candidate_count = choice->count,
                                                    .activation_bits = activations,
                                                    .whole_groups = choice->whole_groups,
                                                    .keep_alive = true});
    free(activations);
    TRY(found);
    if (b->value >= least) return status_ok();
    if (isnan(least))
        return status_fail(STATUS_CONFIG, "is \"%.40s\": %s does not say what these precisions cost", text, m->name);
    return status_fail(STATUS_CONFIG,
                       "is \"%.40s\", %.6g %s, but strategy %s cannot bring %s below %.6g: raise the target", text,
                       b->value, m->unit, e->strategy, at->graph->name, least);
}

status targets_of_entry(budget out[MAX_TARGETS], const settings *s, const plan_place *at, const precision_choice *usual)
{
    const sweep_entry *e = &s->entries[at->entry];
    const cost_model *charged = cost_list_find(at->cost_models, e->cost_model);
    const precision_choice choice = precision_choice_of(e, usual);
    for (int i = 0; i < e->target_count; i++) {
        char place[ENTRY_PLACE];
        entry_place(place, s, at->entry);
        status read = targets_read(&out[i], e->targets[i], charged, at->graph, at->cost_models);
        if (!failed(read)) read = check_reachable(&out[i], e->targets[i], s, at, &choice);
        TRY(status_in(read, "%.200s: sweep %s: targets[%d]", s->path, place, i));
    }
    return status_ok();
}
