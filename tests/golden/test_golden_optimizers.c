/* links: core_train */
/* Optimiser steps and schedules against the published implementation (torch.optim). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/train/optimizer.h"
#include "core/train/schedule.h"
#include "tests/golden/golden.h"

/* Units in the last place of a parameter, or of its largest step where that is larger. Float32 steps in the order of
 * torch, except for the last bit of a product; each step rounds anew. */
static const double ULPS_A_STEP = 2;
/* Schedules are powers in double here and running products there: 200 roundings (seen 8e-16). */
static const double SCHEDULE_TOLERANCE = 1e-13;

static h5_id file;
static int failures;

typedef void (*stepper)(real *values, real *const moments[2], const real *gradients, size_t count, const char *group,
                        int step);

static void adam(real *values, real *const moments[2], const real *gradients, size_t count, const char *group, int step)
{
    optimizer_adam(values, moments[0], moments[1], gradients, count, golden_number(file, group, "lr"),
                   golden_number(file, group, "weight_decay"), step);
}

static void sgd(real *values, real *const moments[2], const real *gradients, size_t count, const char *group, int step)
{
    (void)step;
    optimizer_sgd(values, moments[0], gradients, count, golden_number(file, group, "lr"),
                  golden_number(file, group, "momentum"), golden_number(file, group, "weight_decay"));
}

static void check_steps(const char *group, stepper step_once)
{
    golden_tensor start = golden_read(file, "%s/param0", group), gradients = golden_read(file, "%s/grads", group),
                  wanted = golden_read(file, "%s/params", group);
    const size_t count = start.count;
    const int steps = (int)gradients.dims[0];
    double *before = malloc(count * sizeof *before), largest_step = 0;
    memcpy(before, start.data, count * sizeof *before);
    real *values = golden_reals(start), *g = golden_reals(gradients);
    real *const moments[2] = {calloc(count, sizeof(real)), calloc(count, sizeof(real))};
    for (int i = 0; i < steps; i++) {
        step_once(values, moments, g + (size_t)i * count, count, group, i + 1);
        char name[64];
        snprintf(name, sizeof name, "%s/params after step %d", group, i + 1);
        golden_tensor now = {.count = count, .data = wanted.data + (size_t)i * count};
        for (size_t k = 0; k < count; k++) largest_step = fmax(largest_step, fabs(now.data[k] - before[k]));
        memcpy(before, now.data, count * sizeof *before);
        failures += golden_compare_ulps(name, values, &now, ULPS_A_STEP * (i + 1), largest_step);
    }
    free(moments[1]);
    free(moments[0]);
    free(g);
    free(values);
    free(before);
    free(wanted.data);
}

typedef double (*schedule)(int epoch);

static double temperature(int epoch)
{
    static const search_settings published = {.temperature = 1, .temperature_factor = 0.9559974818331};
    return schedule_temperature(&published, epoch);
}

static double learning_rate_factor(int epoch)
{
    static const phase_settings published = {.learning_rate_decay = 0.99};
    return schedule_learning_rate_factor(&published, epoch);
}

static void check_schedule(const char *name, schedule of_epoch)
{
    golden_tensor wanted = golden_read(file, "%s", name);
    double worst = 0;
    size_t at = 0;
    for (size_t i = 0; i < wanted.count; i++) {
        double difference = fabs(of_epoch((int)i) / wanted.data[i] - 1);
        if (difference > worst) {
            worst = difference;
            at = i;
        }
    }
    if (worst > SCHEDULE_TOLERANCE) {
        printf("%s: largest relative difference %.3g (allowed %.3g) in epoch %zu: %.17g, wanted %.17g\n", name, worst,
               SCHEDULE_TOLERANCE, at, of_epoch((int)at), wanted.data[at]);
        failures++;
    }
    free(wanted.data);
}

int main(void)
{
    file = golden_open("optimizers.h5");
    check_steps("adam_wd", adam);
    check_steps("adam_nowd", adam);
    check_steps("sgd_momentum", sgd);
    check_schedule("temperature", temperature);
    check_schedule("lr_factor_resnet8", learning_rate_factor);
    h5_discard(file);
    return golden_report(failures);
}
