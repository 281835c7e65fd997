#include "core/train/task_kind.h"

void task_kind_epochs(int epochs[PHASE_COUNT], const task_kind *kind, const settings *s, const task *t)
{
    for (int phase = 0; phase < PHASE_COUNT; phase++) epochs[phase] = 0;
    for (const stage *const *at = kind->stages; *at != NULL; at++) epochs[(*at)->phase] += stage_epochs(*at, s, t);
}
