/* silence: for how long somebody has said nothing while we listened. Time in which this process did not listen itself
 * (a long write, a SIGSTOP) says nothing about the other side and is not counted. */
#ifndef CORE_SWEEP_SILENCE_H
#define CORE_SWEEP_SILENCE_H

typedef struct {
    double heard;  /* clock_seconds; moved forward by gaps in our own listening */
    double looked; /* clock_seconds of the last look */
} silence;

static inline silence silence_from(double now)
{
    return (silence){.heard = now, .looked = now};
}

/* To be called often; true when nothing was heard for `deadline` seconds of listening. */
static inline int silence_exceeds(silence *s, double now, double deadline)
{
    const double longest_step = 0.25 * deadline; /* between two looks, of which one learns something */
    double gap = now - s->looked;
    s->looked = now;
    if (gap > longest_step) s->heard += gap;
    return now - s->heard > deadline;
}

#endif
