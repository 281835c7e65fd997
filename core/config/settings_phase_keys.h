/* settings_phase_keys: the keys that all phases of a configuration have, as macros for the table in settings_keys.c. */
#ifndef CORE_CONFIG_SETTINGS_PHASE_KEYS_H
#define CORE_CONFIG_SETTINGS_PHASE_KEYS_H

#include <stddef.h>

#include "core/config/settings.h"

#define AT(field) .offset = offsetof(settings, field)
#define LIST(field, number, most)                                                                                      \
    .offset = offsetof(settings, field), .count_offset = offsetof(settings, number), .room = most

static const char *const optimizers[] = {"adam", "sgd", NULL};
static const char *const schedules[] = {"exponential", "constant", "linear", "cosine", "one_cycle", NULL};

/* The keys that every phase has. Defaults: CIFAR-10 protocol, METHOD.md 5.2. */
#define PHASE_KEYS(section, field, selectable, selection_help)                                                         \
    {.path = section ".epochs",                                                                                        \
     .type = KEY_INTEGER,                                                                                              \
     AT(field.epochs),                                                                                                 \
     .fallback = "500",                                                                                                \
     .low = 1,                                                                                                         \
     .high = 100000,                                                                                                   \
     .unit = "epochs",                                                                                                 \
     .help = "Length of the phase, unless patience ends it earlier."},                                                 \
        {.path = section ".optimizer",                                                                                 \
         .type = KEY_CHOICE,                                                                                           \
         AT(field.optimizer),                                                                                          \
         .fallback = "\"adam\"",                                                                                       \
         .choices = optimizers,                                                                                        \
         .help = "Of weights and clips. adam: betas 0.9 and 0.999, eps 1e-8."},                                        \
        {.path = section ".learning_rate",                                                                             \
         .type = KEY_NUMBER,                                                                                           \
         AT(field.learning_rate),                                                                                      \
         .fallback = "1e-3",                                                                                           \
         .high = 1e3,                                                                                                  \
         .above_low = true,                                                                                            \
         .help = "The largest of the schedule: at the first step, or at the end of the rise."},                        \
        {.path = section ".momentum",                                                                                  \
         .type = KEY_NUMBER,                                                                                           \
         AT(field.momentum),                                                                                           \
         .fallback = "0.0",                                                                                            \
         .high = 0.9999,                                                                                               \
         .help = "Of sgd; must stay 0 for adam."},                                                                     \
        {.path = section ".nesterov",                                                                                  \
         .type = KEY_SWITCH,                                                                                           \
         AT(field.nesterov),                                                                                           \
         .fallback = "false",                                                                                          \
         .help = "Momentum of sgd that looks one step ahead."},                                                        \
        {.path = section ".weight_decay",                                                                              \
         .type = KEY_NUMBER,                                                                                           \
         AT(field.weight_decay),                                                                                       \
         .fallback = "1e-4",                                                                                           \
         .high = 1.0,                                                                                                  \
         .help = "L2, added to the gradient; not on clips and steps of quantisers."},                                  \
        {.path = section ".decay_norm",                                                                                \
         .type = KEY_SWITCH,                                                                                           \
         AT(field.decay_norm),                                                                                         \
         .fallback = "true",                                                                                           \
         .help = "Weight decay also on the scale and shift of batch-norm."},                                           \
        {.path = section ".schedule",                                                                                  \
         .type = KEY_CHOICE,                                                                                           \
         AT(field.schedule),                                                                                           \
         .fallback = "\"exponential\"",                                                                                \
         .choices = schedules,                                                                                         \
         .help = "Shape of the learning rate over the phase. exponential: by learning_rate_decay after each epoch; "   \
                 "constant; linear and cosine: to 0, step by step; one_cycle: linear, behind a rise of 15 %. The "     \
                 "drops come on top of each."},                                                                        \
        {.path = section ".warmup_fraction",                                                                           \
         .type = KEY_NUMBER,                                                                                           \
         AT(field.warmup_fraction),                                                                                    \
         .fallback = "-1.0",                                                                                           \
         .low = -1.0,                                                                                                  \
         .high = 0.99,                                                                                                 \
         .unit = "of the phase's steps",                                                                               \
         .help = "In which the rate rises from 0; below 0: 0.15 for one_cycle, 0 for the others."},                    \
        {.path = section ".learning_rate_decay",                                                                       \
         .type = KEY_NUMBER,                                                                                           \
         AT(field.learning_rate_decay),                                                                                \
         .fallback = "0.99",                                                                                           \
         .high = 1.0,                                                                                                  \
         .above_low = true,                                                                                            \
         .help = "The rate is multiplied by it after each epoch; exponential only."},                                  \
        {.path = section ".drop_epochs",                                                                               \
         .type = KEY_INTEGERS,                                                                                         \
         LIST(field.drop_epochs, field.drop_count, MAX_DROPS),                                                         \
         .fallback = "[ ]",                                                                                            \
         .high = 100000,                                                                                               \
         .ascending = true,                                                                                            \
         .unit = "epoch index",                                                                                        \
         .help = "After these epochs (the first is 0) the rate is also multiplied by the drop_factors."},              \
        {.path = section ".drop_factors",                                                                              \
         .type = KEY_NUMBERS,                                                                                          \
         LIST(field.drop_factors, field.drop_count, MAX_DROPS),                                                        \
         .fallback = "[ ]",                                                                                            \
         .high = 1.0,                                                                                                  \
         .above_low = true,                                                                                            \
         .help = "One for each of drop_epochs."},                                                                      \
        {.path = section ".label_smoothing",                                                                           \
         .type = KEY_NUMBER,                                                                                           \
         AT(field.label_smoothing),                                                                                    \
         .fallback = "0.0",                                                                                            \
         .high = 0.99,                                                                                                 \
         .help = "Part of each label's weight that is spread evenly over all classes, in training."},                  \
        {.path = section ".average",                                                                                   \
         .type = KEY_NUMBER,                                                                                           \
         AT(field.average),                                                                                            \
         .fallback = "0.0",                                                                                            \
         .high = 1.0,                                                                                                  \
         .unit = "of the phase's steps",                                                                               \
         .help = "Evaluate and keep an exponential moving average of all values over about this window in place of "   \
                 "the values of the last step; 0: no average."},                                                       \
        {.path = section ".reestimate_batches",                                                                        \
         .type = KEY_INTEGER,                                                                                          \
         AT(field.reestimate_batches),                                                                                 \
         .fallback = "0",                                                                                              \
         .high = 100000,                                                                                               \
         .unit = "batches",                                                                                            \
         .help = "Before an epoch that may be kept is evaluated, batch-norm takes the mean statistics of this number " \
                 "of training batches; 0: the running ones."},                                                         \
        {.path = section ".select",                                                                                    \
         .type = KEY_CHOICE,                                                                                           \
         AT(field.select),                                                                                             \
         .fallback = "\"accuracy\"",                                                                                   \
         .choices = selectable,                                                                                        \
         .help = "Which epoch is kept, measured on the validation split" selection_help "."},                          \
        {.path = section ".patience",                                                                                  \
         .type = KEY_INTEGER,                                                                                          \
         AT(field.patience),                                                                                           \
         .fallback = "50",                                                                                             \
         .high = 100000,                                                                                               \
         .unit = "epochs",                                                                                             \
         .help = "Epochs without improvement before the phase ends early; 0: never."},                                 \
    {                                                                                                                  \
        .path = section ".first_candidate_epoch", .type = KEY_INTEGER, AT(field.first_candidate_epoch),                \
        .fallback = "-1", .low = -1, .high = 100000, .unit = "epoch index",                                            \
        .help = "First epoch that may be kept; -1: 21 if there are more than 21 epochs, else 0."                       \
    }

/* The keys of the phases that start from a warm-up. */
#define TEACHER_KEYS(section, field)                                                                                   \
    {.path = section ".distill",                                                                                       \
     .type = KEY_NUMBER,                                                                                               \
     AT(field.distill),                                                                                                \
     .fallback = "0.0",                                                                                                \
     .high = 1.0,                                                                                                      \
     .help = "Part of the loss that compares with the float network of the warm-up instead of the labels; 0: none, "   \
             "and no time spent on it."},                                                                              \
    {                                                                                                                  \
        .path = section ".distill_temperature", .type = KEY_NUMBER, AT(field.distill_temperature), .fallback = "4.0",  \
        .high = 1000.0, .above_low = true, .help = "Of the softmax of both networks in that comparison."               \
    }

#endif
