/* report_origin: is a results.h5 of the plan that its run directory describes? After a change of the configuration it
 * is not, until the sweep has made the next snapshot. */
#ifndef RESULTS_REPORT_REPORT_ORIGIN_H
#define RESULTS_REPORT_REPORT_ORIGIN_H

#include "core/base/status.h"

/* Compares the configuration, network and data checksum in the file with config.cfg, network.cfg and data.checksum of
 * the directory. DATA when one of them differs, naming it. */
MUST_CHECK status report_origin_check(const char *file, const char *directory);

#endif
