#include "core/train/average.h"

void average_update(real *average, const real *values, size_t count, double window, int64_t step)
{
    const double steady = 2 / (window + 1), early = 1 / (double)step;
    const real part = (real)(steady > early ? steady : early), rest = 1 - part;
    if (part >= 1) {
        for (size_t i = 0; i < count; i++) average[i] = values[i];
        return;
    }
    for (size_t i = 0; i < count; i++) average[i] = rest * average[i] + part * values[i];
}
