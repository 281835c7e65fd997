/* cmd_bench_step_print: what `bitfront bench step` has measured, for people and as JSON. */
#ifndef MPI_BENCH_CMD_BENCH_STEP_PRINT_H
#define MPI_BENCH_CMD_BENCH_STEP_PRINT_H

#include "core/config/settings.h"
#include "core/net/graph/graph.h"
#include "mpi/bench/cmd_bench_limits.h"
#include "mpi/bench/cmd_bench_load.h"
#include "mpi/bench/cmd_bench_timing.h"

enum { STEP_REPEATS = 9 };

typedef enum {
    MEASURE_WARMUP,
    MEASURE_SEARCH,
    MEASURE_TRUNK,
    MEASURE_TRUNK_BITS,
    MEASURE_FINETUNE,
    MEASURE_EVAL,
    MEASURE_PHASES
} measured_phase;
extern const char *const step_phase_names[MEASURE_PHASES];

typedef struct {
    const char *network;
    measured_phase phase;
    bench_choice choice;
    double pruned, seconds;
    bool integer, json, teacher;
} step_options;

typedef struct {
    double images_per_s[STEP_REPEATS];     /* ascending */
    double images_per_cpu_s[STEP_REPEATS]; /* the same by the time that rank 0 computed, ascending */
    double integer_per_s[STEP_REPEATS];    /* by integers: images a second, ascending */
    double integer_gain[STEP_REPEATS]; /* times as many for a second of rank 0 as in float, just before; ascending */
    double step_seconds;               /* of the median repeat */
    long peak_rss_bytes;
} step_rates;

typedef struct {
    step_rates rates;
    timed_result timed;
    double timed_seconds; /* of the steps in `timed`, computed by rank 0 */
    long timed_images;
} step_found;

/* What was measured. All borrowed. */
typedef struct {
    const step_options *o;
    const graph *graph;
    const settings *settings;
    const kernel_table *kernels;
    const limits *limits;
    int ranks;
} step_setting;

/* To standard output. */
void step_print(const step_setting *s, const step_found *f);

#endif
