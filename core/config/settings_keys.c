#include "core/config/settings_keys.h"

#include <limits.h>

#include "core/config/settings.h"

#define AT(field) .offset = offsetof(settings, field)
#define LIST(field, number, most)                                                                                      \
    .offset = offsetof(settings, field), .count_offset = offsetof(settings, number), .room = most
#define TABLE(field, rows)                                                                                             \
    .offset = offsetof(settings, field), .count_offset = offsetof(settings, rows), .room = THROUGHPUT_SIDE

static const char *const arithmetics[] = {"exact", "reference", NULL};
static const char *const optimizers[] = {"adam", "sgd", NULL};
static const char *const schedules[] = {"exponential", "constant", "linear", "cosine", "one_cycle", NULL};
static const char *const crop_fills[] = {"zero", "reflect", NULL};
#define WEIGHT_STEP_NAME(constant, name, help) #name,
static const char *const weight_steps[] = {WEIGHT_QUANTIZER_LIST(WEIGHT_STEP_NAME) NULL};
#define WEIGHT_STEP_HELP(constant, name, help) "; " #name ": " help
static const char *const batchnorms[] = {"folded", "kept", NULL};
static const char *const before_adds[] = {"rectified", "signed", NULL};
#define CLIP_RULE_NAME(constant, name, help) #name,
static const char *const clip_rules[] = {CLIP_RULE_LIST(CLIP_RULE_NAME) NULL};
#define CLIP_RULE_HELP(constant, name, help) "; " #name ": " help
static const char *const roundings[] = {"floor", "nearest", "even", NULL};
static const char *const levels[] = {"closed", "open", NULL};
static const char *const selections[] = {"accuracy", "loss", NULL};
static const char *const search_selections[] = {"accuracy", "loss", "total_loss", NULL};
static const char *const samplings[] = {"softmax", "argmax", "gumbel", "hard_gumbel", NULL};
static const char *const input_slopes[] = {"model", "attached", "detached", NULL};
static const char *const first_layers[] = {"random", "whitened", NULL};
static const int precisions[] = {2, 4, 8, 0};

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

const settings_key settings_keys[] = {
    {.path = "name",
     .type = KEY_NAME,
     .read_by = READ_BY_NONE,
     AT(name),
     .fallback = "\"\"",
     .help = "Of the sweep; names the run directory. Empty: the name of this file without .cfg."},
    {.path = "network",
     .type = KEY_FILE,
     .read_by = READ_BY_NONE,
     AT(network),
     .example = "\"networks/resnet8.cfg\"",
     .help = "Network file, relative to the folder of this file, or to the current directory."},
    {.path = "width",
     .type = KEY_NUMBER,
     .read_by = READ_BY_NONE,
     AT(width),
     .fallback = "1.0",
     .low = NETWORK_WIDTH_LOW,
     .high = NETWORK_WIDTH_HIGH,
     .help = "Factor of every number of channels of the network but the output's, rounded to multiples of 4."},
    {.path = "classes",
     .type = KEY_INTEGER,
     .read_by = READ_BY_NONE,
     AT(classes),
     .fallback = "0",
     .high = 65536,
     .help = "Of the network's output; 0: as in the network file."},
    {.path = "data",
     .type = KEY_FILE,
     .read_by = READ_BY_NONE,
     AT(data),
     .example = "\"../data/cifar10.h5\"",
     .help = "Data set made by `bitfront prepare`, relative to the folder of this file, or to the current directory."},
    {.path = "arithmetic",
     .type = KEY_CHOICE,
     .read_by = READ_BY_QUANTISED,
     AT(arithmetic),
     .fallback = "\"exact\"",
     .choices = arithmetics,
     .help =
         "exact: integer grids without the known defects of the published implementation; reference: number for number "
         "what that computes. The differences: core/METHOD.md, 11."},
    {.path = "published_rules",
     .type = KEY_TEXTS,
     .later = true,
     .read_by = READ_BY_QUANTISED,
     LIST(published_rules, published_rule_count, MAX_RULES),
     .fallback = "[]",
     .choices = arithmetic_rule_names,
     .help = "With arithmetic = \"exact\": these of its rules alone as in \"reference\", to see what each brings."},
    {.path = "batch",
     .type = KEY_INTEGER,
     AT(batch),
     .fallback = "32",
     .low = 1,
     .high = 65536,
     .unit = "images",
     .help = "Per optimiser step, over all ranks of a group. At least `shards`."},
    {.path = "shards",
     .type = KEY_INTEGER,
     AT(shards),
     .fallback = "4",
     .low = 1,
     .high = 256,
     .help = "Parts of a batch, a power of two: the unit of summation, and the largest group of ranks. Part of the "
             "result, unlike the number of ranks."},
    {.path = "segment_steps",
     .type = KEY_INTEGER,
     .read_by = READ_BY_NONE,
     AT(segment_steps),
     .fallback = "0",
     .high = 1e9,
     .unit = "optimiser steps",
     .help = "Between two checkpoints; 0: a whole epoch."},
    {.path = "class_weights",
     .type = KEY_SWITCH,
     AT(class_weights),
     .fallback = "false",
     .help = "Weight the loss by the inverse class frequency of the training split."},
    {.path = "seeds",
     .type = KEY_SEEDS,
     .read_by = READ_BY_NONE,
     LIST(seeds, seed_count, MAX_SEEDS),
     .fallback = "[1]",
     .high = 9223372036854775807.0,
     .help = "The sweep is repeated for each. Above 2147483647 with the suffix L."},

    {.path = "input.height",
     .type = KEY_INTEGER,
     .read_by = READ_BY_NONE,
     AT(input_height),
     .fallback = "0",
     .high = 16384,
     .unit = "pixels",
     .help = "Of the images that the network takes; 0: as in the network file."},
    {.path = "input.width",
     .type = KEY_INTEGER,
     .read_by = READ_BY_NONE,
     AT(input_width),
     .fallback = "0",
     .high = 16384,
     .unit = "pixels",
     .help = "Likewise."},
    {.path = "input.channels",
     .type = KEY_INTEGER,
     .read_by = READ_BY_NONE,
     AT(input_channels),
     .fallback = "0",
     .high = 65536,
     .help = "Likewise."},
    {.path = "augment.rotate_degrees",
     .type = KEY_NUMBER,
     AT(augment.rotate_degrees),
     .fallback = "0.0",
     .high = 180.0,
     .unit = "degrees",
     .help = "Rotation uniform in [-r, r], nearest neighbour, zero fill; 0: off. CIFAR-10: 15."},
    {.path = "augment.shift_fraction",
     .type = KEY_NUMBER,
     AT(augment.shift_fraction),
     .fallback = "0.0",
     .high = 1.0,
     .unit = "of the image size",
     .help = "Shift of each axis, uniform up to this, in whole pixels, zero fill; 0: off. CIFAR-10: 0.1."},
    {.path = "augment.flip",
     .type = KEY_SWITCH,
     AT(augment.flip),
     .fallback = "false",
     .help = "Mirror left and right with probability 1/2. CIFAR-10: true."},
    {.path = "augment.alternating_flip",
     .type = KEY_SWITCH,
     AT(augment.alternating_flip),
     .fallback = "false",
     .help = "Mirror each image in every second epoch: a random half of them in the first, the others in the second, "
             "and so on. In place of flip."},
    {.path = "augment.crop_pixels",
     .type = KEY_INTEGER,
     AT(augment.crop_pixels),
     .fallback = "0",
     .high = 1024,
     .unit = "pixels",
     .help = "Shift of each axis, uniform over -n ... n whole pixels: a window cut from the padded image; 0: off."},
    {.path = "augment.crop_fill",
     .type = KEY_CHOICE,
     AT(augment.crop_fill),
     .fallback = "\"zero\"",
     .choices = crop_fills,
     .help = "The padding of crop_pixels: zeros, or the image mirrored at its outermost pixels."},
    {.path = "augment.resized_crop",
     .type = KEY_NUMBER,
     .later = true,
     AT(augment.resized_crop),
     .fallback = "0.0",
     .high = 1.0,
     .unit = "of the image's area",
     .help =
         "Random-resized crop: a window of at least this part of the area, width to height changed by 3/4 ... 4/3, is "
         "scaled to the whole image (bilinear); 0: off. ImageNet: 0.08."},
    {.path = "augment.time_shift",
     .type = KEY_INTEGER,
     .later = true,
     AT(augment.time_shift),
     .fallback = "0",
     .high = 16384,
     .unit = "rows",
     .help =
         "Shift along the rows, the time axis of keyword features, uniform over -n ... n; the outermost row fills; 0: "
         "off. Speech Commands: 5 rows are 100 ms."},
    {.path = "augment.colour_jitter",
     .type = KEY_NUMBER,
     .later = true,
     AT(augment.colour_jitter),
     .fallback = "0.0",
     .high = 1.0,
     .help = "Brightness, contrast and saturation times factors that are uniform in 1-j ... 1+j; 0: off."},
    {.path = "augment.noise",
     .type = KEY_NUMBER,
     .later = true,
     AT(augment.noise),
     .fallback = "0.0",
     .high = 1e6,
     .unit = "real values of samples",
     .help = "Standard deviation of normal noise on every value; 0: off."},
    {.path = "augment.cutout_pixels",
     .type = KEY_INTEGER,
     .later = true,
     AT(augment.cutout_pixels),
     .fallback = "0",
     .high = 16384,
     .unit = "pixels",
     .help = "Side of a square of zeros anywhere in the image; 0: off. CIFAR-10: 8 to 16."},
    {.path = "augment.validation",
     .type = KEY_SWITCH,
     AT(augment.validation),
     .fallback = "false",
     .help = "Augment the validation images, too, as the reference does."},

    PHASE_KEYS("warmup", warmup, selections, ", float network"),
    {.path = "warmup.first_layer",
     .type = KEY_CHOICE,
     .later = true,
     AT(first_layer),
     .fallback = "\"random\"",
     .choices = first_layers,
     .help = "Where the weights of the first convolution start. random: like all others; whitened: at plus and minus "
             "the eigenvectors of the covariance of the training images' patches, largest eigenvalue first (one "
             "convolution with batch-norm must read the image)."},

    PHASE_KEYS("search", search_phase, search_selections,
               " with discrete choices; total_loss includes strength times cost"),
    TEACHER_KEYS("search", search_phase),
    {.path = "search.activation_bits",
     .type = KEY_INTEGERS,
     LIST(search.activation_bits, search.activation_count, MAX_PRECISIONS),
     .fallback = "[8]",
     .allowed = precisions,
     .ascending = true,
     .unit = "bit",
     .help = "Candidate precisions of activations, one choice per sharing group."},
    {.path = "search.input_bits",
     .type = KEY_INTEGERS,
     LIST(search.input_bits, search.input_count, MAX_PRECISIONS),
     .fallback = "[8]",
     .allowed = precisions,
     .ascending = true,
     .unit = "bit",
     .help = "Candidate precisions of the network input."},
    {.path = "search.logit_learning_rate",
     .type = KEY_NUMBER,
     AT(search.logit_learning_rate),
     .fallback = "1e-2",
     .high = 1e3,
     .above_low = true,
     .help = "SGD on the choices; decays and drops like learning_rate."},
    {.path = "search.logit_momentum",
     .type = KEY_NUMBER,
     AT(search.logit_momentum),
     .fallback = "0.9",
     .high = 0.9999,
     .help = "SGD on the choices."},
    {.path = "search.temperature",
     .type = KEY_NUMBER,
     AT(search.temperature),
     .fallback = "1.0",
     .high = 1000.0,
     .above_low = true,
     .help = "Of the softmax over the choices, in the first epoch."},
    {.path = "search.temperature_factor",
     .type = KEY_NUMBER,
     AT(search.temperature_factor),
     .fallback = "0.9559974818331",
     .high = 1.0,
     .above_low = true,
     .help = "The temperature is multiplied by it after each epoch; default exp(-0.045), made for 500 epochs: "
             "exp(-0.045 * 500 / epochs) cools a shorter search as far."},
    {.path = "search.sampling",
     .type = KEY_CHOICE,
     AT(search.sampling),
     .fallback = "\"softmax\"",
     .choices = samplings,
     .help = "How training weighs the candidates: softmax; argmax: the best one alone, with the softmax's gradient; "
             "gumbel, hard_gumbel: the same with random noise on the logits, one draw per sharing group and step. "
             "Evaluation always takes the best one alone, without noise."},
    {.path = "search.calibrate_input",
     .type = KEY_SWITCH,
     AT(search.calibrate_input),
     .fallback = "true",
     .help = "The clips of a signed input start at the smallest and largest value of the training split; false, and "
             "always in reference arithmetic: at those of the network file."},
    {.path = "search.strength_incremental",
     .type = KEY_SWITCH,
     AT(search.strength_incremental),
     .fallback = "false",
     .help = "The strength rises from 1 % to its full value over the first half of the epochs."},
    {.path = "search.normalize_cost",
     .type = KEY_SWITCH,
     AT(search.normalize_cost),
     .fallback = "true",
     .help = "Divide the cost by that of the unpruned network at its highest precision, so that strengths have no "
             "unit."},
    {.path = "search.keep_alive",
     .type = KEY_SWITCH,
     AT(search.keep_alive),
     .fallback = "false",
     .help = "Never prune a whole sharing group: its best channel stays. Advised for networks without shortcuts."},
    {.path = "search.input_slope",
     .type = KEY_CHOICE,
     AT(cost.input_slope),
     .fallback = "\"model\"",
     .choices = input_slopes,
     .help = "Does the cost's gradient see that pruning a layer also thins out the inputs of the next? model: as "
             "published: not for size, params, ops and gap8."},
    {.path = "search.refine",
     .type = KEY_SWITCH,
     AT(search.refine),
     .fallback = "false",
     .help =
         "After a search with cost_model = \"ne16\": channels move to higher precisions where that makes the network "
         "cheaper, because partly filled tiles cost as much as full ones."},

    PHASE_KEYS("trunk", trunk, selections, "; the trunk keeps the last one"),

    PHASE_KEYS("finetune", finetune, selections, ", discrete network"),
    TEACHER_KEYS("finetune", finetune),
    {.path = "finetune.integer",
     .type = KEY_SWITCH,
     .later = true,
     AT(finetune.integer),
     .fallback = "false",
     .help = "Forward passes and evaluations by the integer network that bitfront export writes, so that the evaluated "
             "network is the exported one, bit for bit. Gradients as always; batch-norm that was kept stays at the "
             "statistics of its start (reestimate_batches), so that smaller rates are needed; dropout drops nothing."},

    {.path = "finetune.weight_noise",
     .type = KEY_NUMBER,
     .later = true,
     AT(finetune.weight_noise),
     .fallback = "0.0",
     .high = 1.0,
     .help = "In each training step of a discrete network this part of the weights, drawn anew, is not quantised but "
             "moved by up to half a step of noise, as Zur et al. published it with 0.05; 0.0: none."},

    {.path = "quantizer.weight_step_2",
     .type = KEY_CHOICE,
     AT(quantizer.weight_step_2),
     .fallback = "\"minmax\"",
     .choices = weight_steps,
     .help = "Step of weight channels of 1 and 2 bit" WEIGHT_QUANTIZER_LIST(WEIGHT_STEP_HELP) "."},
    {.path = "quantizer.weight_step_4",
     .type = KEY_CHOICE,
     AT(quantizer.weight_step_4),
     .fallback = "\"minmax\"",
     .choices = weight_steps,
     .help = "The same of 3 and 4 bit."},
    {.path = "quantizer.weight_step_8",
     .type = KEY_CHOICE,
     AT(quantizer.weight_step_8),
     .fallback = "\"minmax\"",
     .choices = weight_steps,
     .help = "The same of 5 to 8 bit."},
    {.path = "quantizer.batchnorm",
     .type = KEY_CHOICE,
     AT(quantizer.batchnorm),
     .fallback = "\"folded\"",
     .choices = batchnorms,
     .help =
         "folded: batch-norm becomes part of the weights before the search; kept: it stays in search and fine-tuning, "
         "and is folded exactly for every evaluation and in the result."},
    {.path = "quantizer.before_add",
     .type = KEY_CHOICE,
     AT(quantizer.before_add),
     .fallback = "\"rectified\"",
     .choices = before_adds,
     .help = "What a layer without ReLU gives to an add: rectified by the unsigned quantiser of its sharing group, as "
             "published; or signed, 8 bit, on a grid of the same group."},
    {.path = "quantizer.clips",
     .type = KEY_CHOICE,
     AT(quantizer.clips),
     .fallback = "\"constant\"",
     .choices = clip_rules,
     .help = "Activation clips" CLIP_RULE_LIST(CLIP_RULE_HELP) ". All but constant leave the clips of the input where "
                                                               "they start."},
    {.path = "quantizer.clip_percentile",
     .type = KEY_NUMBER,
     AT(quantizer.clip_percentile),
     .fallback = "99.9",
     .high = 100.0,
     .above_low = true,
     .unit = "% of the values",
     .help =
         "Of clips = \"data\": this part of a tensor's values is below its clip; a sharing group has the largest clip "
         "of its tensors. 100: the largest value."},
    {.path = "quantizer.rounding",
     .type = KEY_CHOICE,
     AT(quantizer.rounding),
     .fallback = "\"floor\"",
     .choices = roundings,
     .help =
         "Of activations to their codes; floor: down; nearest: half a step up; even: half a step to the even code."},
    {.path = "quantizer.levels",
     .type = KEY_CHOICE,
     .later = true,
     AT(quantizer.levels),
     .fallback = "\"closed\"",
     .choices = levels,
     .help = "Of activations of b bit; closed: from 0 to the clip in 2^b - 1 steps; open: in 2^b steps, the last level "
             "one below the clip."},

    {.path = "stopping.eta",
     .type = KEY_INTEGER,
     .read_by = READ_BY_NONE,
     AT(stopping.eta),
     .fallback = "0",
     .high = 100,
     .help = "Ends runs that cannot reach the front: of the points of one cost model, network and seed that have come "
             "to a rung, the best 1/eta by front go on to the next; 0: nothing is stopped. A stopped point has no "
             "result. One job at a time."},
    {.path = "stopping.first",
     .type = KEY_INTEGER,
     .read_by = READ_BY_NONE,
     AT(stopping.first),
     .fallback = "5",
     .low = 1,
     .high = 100000,
     .unit = "epochs",
     .help = "Of a point's last phase, at the first rung; the others follow at eta times as many, while the phase "
             "lasts."},
    {.path = "stopping.control",
     .type = KEY_INTEGER,
     .read_by = READ_BY_NONE,
     AT(stopping.control),
     .fallback = "8",
     .high = 100000,
     .unit = "points",
     .help = "Of so many points one, the first of them, is never stopped: they tell how much a run still gains, and "
             "how often stopping was wrong; 0: none."},

    {.path = "lut.name",
     .type = KEY_NAME,
     AT(cost.lut.name),
     .fallback = "\"\"",
     .help = "A processor of your own as a table: the cost model \"lut\". Its name, for reports."},
    {.path = "lut.conv",
     .type = KEY_TABLE,
     TABLE(cost.lut.conv, cost.lut.conv_rows),
     .fallback = "( )",
     .high = 1e9,
     .above_low = true,
     .unit = "multiply-accumulates per cycle",
     .help = "Throughput of convolutions: a row for activations of 2, 4 and 8 bit each, in it weights of 2, 4, 8 bit: "
             "( [6.5, 4.0, 2.2], [3.9, 3.5, 2.1], [2.5, 2.3, 2.1] ). Empty: no such model."},
    {.path = "lut.depthwise",
     .type = KEY_TABLE,
     TABLE(cost.lut.depthwise, cost.lut.depthwise_rows),
     .fallback = "( )",
     .high = 1e9,
     .above_low = true,
     .unit = "multiply-accumulates per cycle",
     .help = "Of depthwise convolutions. Empty: as convolutions."},
    {.path = "lut.linear",
     .type = KEY_TABLE,
     TABLE(cost.lut.linear, cost.lut.linear_rows),
     .fallback = "( )",
     .high = 1e9,
     .above_low = true,
     .unit = "multiply-accumulates per cycle",
     .help = "Of linear layers. Empty: as convolutions."},
    {.path = "lut.clock_hz",
     .type = KEY_NUMBER,
     AT(cost.lut.clock_hz),
     .fallback = "0.0",
     .high = 1e12,
     .unit = "Hz",
     .help = "Clock of the processor: the cost is in seconds. 0: in cycles."},
};
const int settings_key_count = sizeof settings_keys / sizeof settings_keys[0];
