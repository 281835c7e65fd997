#include "core/train/stage.h"

int stage_epochs(const stage *at, const settings *s, const task *t)
{
    return at->task_length ? t->epochs : at->settings(s)->epochs;
}
