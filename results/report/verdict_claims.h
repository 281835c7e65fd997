/* verdict_claims: the claims, one file each. */
#ifndef RESULTS_REPORT_VERDICT_CLAIMS_H
#define RESULTS_REPORT_VERDICT_CLAIMS_H

#include "results/report/verdict_finding.h"

extern const verdict_claim verdict_variance_claim, verdict_granularity_claim, verdict_training_claim,
    verdict_compute_claim, verdict_sensitivity_claim;

#endif
