/* From the sums of a quantiser's backward pass to gradients. */
#include "core/kernels/kernels.h"

void pact_gradients(real dclip[PACT_MAX], real dprobability[PACT_MAX], real *dlow, const pact_sums *total,
                    const pact *q)
{
    double probabilities = 0.0;
    for (int j = 0; j < q->count; ++j) {
        dclip[j] = (real)((double)q->probability[j] * total->pass[j]);
        dprobability[j] = (real)total->probability[j];
        probabilities += (double)q->probability[j];
    }
    if (dlow != NULL) *dlow = (real)(probabilities * total->below);
}
