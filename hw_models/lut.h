/* lut: a processor described by a table in the configuration instead of by C: multiply-accumulates per cycle for every
 * pair of activation and weight precision, one table for each kind of layer. Equation as in mac_table.h. */
#ifndef HW_MODELS_LUT_H
#define HW_MODELS_LUT_H

#include "core/config/settings.h"
#include "hw_models/mac_table.h"

/* A model with what it points to: not to be moved while `model` is in use. */
typedef struct {
    cost_model model;
    char description[96];
    mac_table tables[COST_KINDS];
} lut_model;

/* Fills in *out. Only for settings that have the table for convolutions; kinds without a table of their own use it. */
void lut_make(lut_model *out, const throughput_settings *s);

#endif
