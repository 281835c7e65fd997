/* walltime: how long this job may run: from the command line, and from Slurm. */
#ifndef CORE_SWEEP_WALLTIME_H
#define CORE_SWEEP_WALLTIME_H

#include <stdbool.h>

#include "core/base/status.h"

/* Reads "SECONDS", "MM:SS", "HH:MM:SS" or "D-HH:MM:SS" as seconds; false: it is none of them. */
bool walltime_read(double *seconds, const char *text);

/* Seconds until Slurm ends this job: from SLURM_JOB_END_TIME, else asked of squeue. INFINITY: there is no such job, or
 * it has no limit. Fails when there is a job and nobody can tell its limit. */
MUST_CHECK status walltime_of_job(double *seconds);

/* What of `seconds` may be used for training: the rest is for the last snapshot and the way out. */
double walltime_usable(double seconds);

#endif
