#include "results/report/verdict.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "results/report/verdict_claims.h"

static const verdict_claim *const claims[] = {&verdict_variance_claim,    &verdict_granularity_claim,
                                              &verdict_training_claim,    &verdict_compute_claim,
                                              &verdict_sensitivity_claim, NULL};
static const char *const words[] = {"undecided", "supported", "not supported"};

const verdict_claim *const *verdict_claims(void)
{
    return claims;
}

const verdict_claim *verdict_find(const char *name)
{
    for (const verdict_claim *const *c = claims; *c != NULL; c++)
        if (strcmp((*c)->name, name) == 0) return *c;
    return NULL;
}

int verdict_rows(const verdict_claim *claim, const verdict_row *rows, int count)
{
    int found = 0;
    for (int i = 0; i < count; i++) found += verdict_is_of(&rows[i], "sensitivity") == claim->of_channels;
    return found;
}

static const char *rows_of(const verdict_claim *claim)
{
    return claim->of_channels ? "channels" : "points";
}

verdict_finding verdict_judge(const verdict_claim *claim, const verdict_row *rows, int count)
{
    verdict_finding f = {.outcome = VERDICT_UNDECIDED};
    claim->judge(&f, rows, count);
    return f;
}

void verdict_print(FILE *out, const verdict_setting *setting, const verdict_claim *claim, const verdict_finding *f)
{
    fprintf(out, "setting     %s, %d %s of %d tasks, cost %s\nhypothesis  %s\n", setting->name, setting->rows,
            rows_of(claim), setting->tasks, setting->cost, claim->hypothesis);
    for (int i = 0; i < f->count; i++) {
        const verdict_number *n = &f->numbers[i];
        fprintf(out, "%-11s %s: %.4g%s%s\n", i == 0 ? "numbers" : "", n->name, n->value, n->unit[0] == '\0' ? "" : " ",
                n->unit);
    }
    fprintf(out, "test        %s\nverdict     %s\n", claim->test, words[f->outcome]);
    if (f->outcome == VERDICT_UNDECIDED) fprintf(out, "            it needs %s\n", claim->needs);
}

static json_t *numbers_of(const verdict_finding *f)
{
    json_t *numbers = json_array();
    for (int i = 0; i < f->count; i++) {
        const verdict_number *n = &f->numbers[i];
        json_array_append_new(numbers, json_pack("{s:s, s:o, s:s}", "name", n->name, "value",
                                                 isfinite(n->value) ? json_real(n->value) : json_null(), "unit",
                                                 n->unit[0] == '\0' ? "1" : n->unit));
    }
    return numbers;
}

status verdict_write_json(FILE *out, const verdict_setting *setting, const verdict_claim *claim,
                          const verdict_finding *f)
{
    json_t *root = json_pack("{s:s, s:{s:s, s:i, s:i, s:s}, s:s, s:o, s:s, s:s}", "claim", claim->name, "setting",
                             "sweep", setting->name, rows_of(claim), setting->rows, "tasks", setting->tasks, "cost",
                             setting->cost, "hypothesis", claim->hypothesis, "numbers", numbers_of(f), "test",
                             claim->test, "verdict", words[f->outcome]);
    const bool written = root != NULL && json_dumpf(root, out, JSON_INDENT(2)) == 0 && fputc('\n', out) != EOF;
    json_decref(root);
    return written ? status_ok() : status_fail(STATUS_MEMORY, "cannot write the verdict");
}
