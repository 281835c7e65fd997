#include "core/train/schedule.h"

#include <math.h>

double schedule_learning_rate_factor(const phase_settings *phase, int epoch)
{
    double factor = pow(phase->learning_rate_decay, epoch);
    for (int i = 0; i < phase->drop_count; i++)
        if (epoch > phase->drop_epochs[i]) factor *= phase->drop_factors[i];
    return factor;
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
