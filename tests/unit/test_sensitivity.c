/* links: core_strategy hw_models */
/* What strategy sensitivity measures, channel by channel, against the network by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "core/data/batch.h"
#include "core/net/model/model_allocation.h"
#include "core/strategy/sensitivity_stage.h"
#include "tests/support/noise_world.h"

enum { CLASSES = 10, KERNELS = 12, CHANNELS = 42 };

/* Logits of the validation split as the choices are. */
static void logits_of(real *out, trainer *t)
{
    model *m = &t->network;
    int32_t labels[NOISE_OTHER];
    model_prepare(m, t->values, MODEL_EVAL_HARD, 1, 0);
    const int capacity = m->options.capacity;
    for (int first = 0; first < NOISE_OTHER; first += capacity) {
        const int n = NOISE_OTHER - first < capacity ? NOISE_OTHER - first : capacity;
        batch_load(model_input(m), labels, t->in.data, t->in.data->split_index[SPLIT_VALIDATION] + first, n, NULL, 0,
                   0);
        model_forward(m, t->values, n, (model_pass){.training = false});
        memcpy(out + first * CLASSES, model_logits(m), (size_t)(n * CLASSES) * sizeof *out);
    }
}

static int decision(const real *row)
{
    int best = 0;
    for (int k = 1; k < CLASSES; k++) best = row[k] > row[best] ? k : best;
    return best;
}

static trainer *measured(record *r, const char *keys)
{
    char text[200];
    snprintf(text, sizeof text, "strategy = \"sensitivity\"; samples = 64; %s", keys);
    noise_world_use_entry(&world, text);
    world.task.epochs = 1;
    world.settings.finetune.learning_rate = 0; /* so that the network stays the one that was measured */
    trainer *t = noise_world_open(&world, "sensitivity");
    noise_world_train(t);
    check_ok(trainer_record(r, t));
    return t;
}

static void test_each_row_is_one_lowered_channel(void **state)
{
    (void)state;
    record r;
    trainer *t = measured(&r, "kernels = 12; precisions = [1, 8];");
    real before[NOISE_OTHER * CLASSES], after[NOISE_OTHER * CLASSES];
    logits_of(before, t);
    allocation a;
    check_ok(allocation_new(&a, &world.graph));
    model_allocation_read(&a, &t->network);
    bool seen[100] = {false};
    const int channels = a.first[world.graph.group_count]; /* some belong to no weights */
    assert_true(channels <= 100);
    sensitivity_row row;
    int rows = 0, moved = 0;
    for (; sensitivity_read(&row, &r, rows); rows++) {
        assert_true(row.channel >= 0 && row.channel < channels && !seen[row.channel]);
        seen[row.channel] = true;
        assert_int_equal(a.weight_bits[row.channel], 8);
        int group = 0, changed = 0;
        while (a.first[group + 1] <= row.channel) group++;
        a.weight_bits[row.channel] = 1;
        model_allocation_write_group(&t->network, t->values, group, allocation_of_group(&a, group));
        logits_of(after, t);
        a.weight_bits[row.channel] = 8;
        model_allocation_write_group(&t->network, t->values, group, allocation_of_group(&a, group));
        for (int i = 0; i < NOISE_OTHER; i++)
            changed += decision(before + i * CLASSES) != decision(after + i * CLASSES);
        assert_float_equal(row.mismatch, changed / (double)NOISE_OTHER, 1e-6);
        double largest = 0;
        for (int i = 0; i < NOISE_OTHER * CLASSES; i++)
            largest = fmax(largest, fabs((double)after[i] - (double)before[i]));
        assert_true((row.shift > 0) == (largest > 0));
        for (int metric = 0; metric < 3; metric++) assert_true(isfinite(row.harm[metric]) && row.harm[metric] >= 0);
        moved += largest > 0;
    }
    assert_int_equal(rows, KERNELS);
    assert_true(moved > KERNELS / 2);
    allocation_free(&a);
    record_free(&r);
    trainer_close(t);
}

/* All that can be lowered when more are asked for; nothing behind them. */
static void test_no_more_rows_than_channels(void **state)
{
    (void)state;
    record r;
    trainer *t = measured(&r, "kernels = 100; precisions = [3, 4];");
    sensitivity_row row;
    assert_true(sensitivity_read(&row, &r, CHANNELS - 1));
    assert_false(sensitivity_read(&row, &r, CHANNELS));
    assert_false(sensitivity_read(&row, &r, 100));
    record_free(&r);
    trainer_close(t);
    assert_false(sensitivity_read(&row, &world.start, 0)); /* a warm-up keeps nothing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_row_is_one_lowered_channel),
        cmocka_unit_test(test_no_more_rows_than_channels),
    };
    return cmocka_run_group_tests_name("sensitivity", tests, make_world, free_world);
}
