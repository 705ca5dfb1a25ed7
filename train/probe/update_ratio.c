/* The norm of a step beside the norm of the weights before it: of all weights, or of each layer. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../../core/alloc.h"
#include "probe_impl.h"

typedef struct ratio {
    lathe_probe base;
    lathe_real *before; /* the weights before the step */
    int *layer;         /* the column of each parameter */
    char (*name)[96];   /* of each column */
    double *sum[2];     /* [columns]: squares of the change, and of the weights */
} ratio;

/* "update_ratio.body.0" of the parameter "body.0.weight" */
static void name_of(const char *parameter, char name[96])
{
    const char *dot = strrchr(parameter, '.');
    const int length = (int)(dot ? dot - parameter : (long)strlen(parameter));
    snprintf(name, 96, "update_ratio.%.*s", length > 80 ? 80 : length, parameter);
}

/* Give each layer with parameters a column, in their order. */
static void choose_columns(ratio *r, const lathe_params *params)
{
    int columns = 0;
    for (int i = 0; i < params->count; i++) {
        int k = 0;
        char name[96];
        name_of(params->tensor[i]->name, name);
        while (k < columns && strcmp(r->name[k], name)) k++;
        r->layer[i] = k;
        if (k == columns) memcpy(r->name[columns++], name, sizeof name);
    }
    r->base.columns = columns;
}

static lathe_status open(lathe_probe *probe)
{
    ratio *r = (ratio *)probe;
    const lathe_params *params = lathe_optim_params(probe->learner->optim);
    const size_t count = (size_t)params->count;
    if (*probe->option && strcmp(probe->option, "layers"))
        return lathe_fail(LATHE_EARG, "settings: probe = update_ratio:%.40s, expected layers after the colon",
            probe->option);
    r->before = lathe_alloc_raw(params->size, sizeof *r->before);
    r->layer = r->before ? lathe_alloc(count, sizeof *r->layer) : NULL;
    r->name = r->layer ? lathe_alloc(count, sizeof *r->name) : NULL;
    r->sum[0] = r->name ? lathe_alloc(count, sizeof(double)) : NULL;
    r->sum[1] = r->sum[0] ? lathe_alloc(count, sizeof(double)) : NULL;
    if (!r->sum[1]) return lathe_error();
    snprintf(r->name[0], sizeof r->name[0], "update_ratio");
    if (*probe->option) choose_columns(r, params);
    return LATHE_OK;
}

static void close(lathe_probe *probe)
{
    ratio *r = (ratio *)probe;
    lathe_free(r->before);
    lathe_free(r->layer);
    lathe_free(r->name);
    lathe_free(r->sum[0]);
    lathe_free(r->sum[1]);
}

static const char *column(const lathe_probe *probe, int index) { return ((const ratio *)probe)->name[index]; }

static lathe_status begin(lathe_probe *probe)
{
    const lathe_params *params = lathe_optim_params(probe->learner->optim);
    memcpy(((ratio *)probe)->before, params->data, params->size * sizeof(lathe_real));
    return LATHE_OK;
}

static lathe_status finish(lathe_probe *probe)
{
    ratio *r = (ratio *)probe;
    const lathe_params *params = lathe_optim_params(probe->learner->optim);
    memset(r->sum[0], 0, (size_t)params->count * sizeof(double));
    memset(r->sum[1], 0, (size_t)params->count * sizeof(double));
    for (int i = 0; i < params->count; i++) {
        const lathe_tensor *tensor = params->tensor[i];
        const lathe_real *before = r->before + (tensor->data - params->data);
        for (size_t k = 0; k < tensor->stored; k++) {
            const double change = (double)tensor->data[k] - (double)before[k];
            r->sum[0][r->layer[i]] += change * change;
        }
        r->sum[1][r->layer[i]] += lathe_probe_square(before, tensor->stored);
    }
    for (int k = 0; k < probe->columns; k++)
        if (r->sum[1][k] > 0) probe->value[k] = sqrt(r->sum[0][k] / r->sum[1][k]);
    return LATHE_OK;
}

const lathe_probe_type lathe_update_ratio_probe = {
    .name = "update_ratio",
    .summary = "l2 norm of a step over the norm of the weights before it; update_ratio:layers: of each layer",
    .options = "layers",
    .size = sizeof(ratio),
    .open = open,
    .close = close,
    .column = column,
    .begin = begin,
    .finish = finish,
};
