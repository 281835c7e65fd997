#include "core/train/schedule.h"

#include <math.h>

static const double ONE_CYCLE_RISE = 0.15, PI = 3.14159265358979323846;

static double drop(double factor, const phase_settings *phase, int epoch)
{
    for (int i = 0; i < phase->drop_count; i++)
        if (epoch > phase->drop_epochs[i]) factor *= phase->drop_factors[i];
    return factor;
}

double schedule_learning_rate_factor(const phase_settings *phase, int epoch)
{
    return drop(pow(phase->learning_rate_decay, epoch), phase, epoch);
}

static double rise_fraction(const phase_settings *phase)
{
    if (phase->warmup_fraction >= 0) return phase->warmup_fraction;
    return phase->schedule == SCHEDULE_ONE_CYCLE ? ONE_CYCLE_RISE : 0;
}

double schedule_rate_factor(const phase_settings *phase, int64_t step, int epoch_steps)
{
    const int epoch = (int)(step / epoch_steps);
    const double rise = rise_fraction(phase), done = ((double)step + 0.5) / ((double)phase->epochs * epoch_steps);
    const double falling = fmax(done - rise, 0) / (1 - rise), risen = done < rise ? done / rise : 1;
    switch (phase->schedule) {
    case SCHEDULE_EXPONENTIAL:
        return risen * schedule_learning_rate_factor(phase, epoch);
    case SCHEDULE_CONSTANT:
        return drop(risen, phase, epoch);
    case SCHEDULE_LINEAR:
    case SCHEDULE_ONE_CYCLE:
        return drop(risen * (1 - falling), phase, epoch);
    case SCHEDULE_COSINE:
        return drop(risen * (1 + cos(PI * falling)) / 2, phase, epoch);
    }
    return 1;
}

layer_turn schedule_layers(const phase_settings *phase, int epoch, int layers)
{
    if (phase->gradual == 0) return (layer_turn){.quantised = 0, .noisy = layers};
    const int turn = epoch / phase->gradual;
    return turn < layers ? (layer_turn){.quantised = turn, .noisy = turn + 1}
                         : (layer_turn){.quantised = layers, .noisy = layers};
}

double schedule_temperature(const search_settings *search, int epoch)
{
    return search->temperature * pow(search->temperature_factor, epoch);
}

double schedule_strength(double strength, bool incremental, int epoch, int epochs)
{
    int half = epochs / 2;
    if (!incremental || half == 0) return strength;
    return fmin(strength / 100 + epoch * 0.99 * strength / half, strength);
}

int schedule_first_candidate(const phase_settings *phase)
{
    if (phase->first_candidate_epoch >= 0) return phase->first_candidate_epoch;
    return phase->epochs > 21 ? 21 : 0; /* with exactly 21 epochs the published rule would keep none */
}
