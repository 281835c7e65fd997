#include "hw_models/lut.h"

#include <assert.h>
#include <stdio.h>

static double lut_layer(const cost_model *self, const cost_layer *l, const cost_choice *c, bool reference,
                        cost_slope *slope)
{
    const mac_table *tables = self->context;
    return mac_table_layer(l, c, reference, slope, mac_table_factor, &tables[l->kind]);
}

static bool lut_defined(const cost_model *self, int weight_bits, int activation_bits)
{
    (void)self;
    return mac_table_defined(weight_bits, activation_bits);
}

void lut_make(lut_model *out, const throughput_settings *s)
{
    assert(s->conv_rows == MAC_TABLE_SIDE);
    bool timed = s->clock_hz > 0;
    double scale = timed ? 1 / s->clock_hz : 1;
    out->tables[COST_CONV] = mac_table_of_throughput(s->conv, scale);
    out->tables[COST_DEPTHWISE] = mac_table_of_throughput(s->depthwise_rows > 0 ? s->depthwise : s->conv, scale);
    out->tables[COST_LINEAR] = mac_table_of_throughput(s->linear_rows > 0 ? s->linear : s->conv, scale);
    snprintf(out->description, sizeof out->description, "%s on %.40s, from the table in the configuration",
             timed ? "time" : "cycles", s->name[0] != '\0' ? s->name : "a processor");
    out->model = (cost_model){.name = "lut",
                              .unit = timed ? "s" : "cycles",
                              .description = out->description,
                              .layer = lut_layer,
                              .defined = lut_defined,
                              .context = out->tables};
}
