/* The probes of a run: the list, their columns, and their calls in a step. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../../core/alloc.h"
#include "../../core/registry.h"
#include "../../io/text.h"
#include "probe_impl.h"

enum { MOST = 16, NAME = 64 };

struct lathe_probes {
    lathe_learner *learner;
    lathe_step_watch watch;
    lathe_probe *probe[MOST];
    int probes, columns;
    char (*option)[NAME];
    double *value; /* [columns] */
    char *header;
};

extern const void *const lathe_probe_types[]; /* made by cmake/registry.cmake */

static lathe_registry registry = { .kind = "probe", .prefix = "lathe_probe", .table = lathe_probe_types };

const lathe_probe_type *lathe_probe_at(int index) { return lathe_registry_at(&registry, index); }

lathe_status lathe_probe_register(const lathe_probe_type *type)
{
    return lathe_registry_add(&registry, type);
}

/* ---- the list ------------------------------------------------------------------------------------------ */

/* Read the next name and its option of a list. Returns false at the end, and after a failure. */
static bool next(const char **list, const lathe_probe_type **type, char option[NAME], lathe_status *status)
{
    char name[NAME];
    *list += strspn(*list, ", ");
    const size_t word = strcspn(*list, ", "), length = strcspn(*list, ":, ");
    if (!word || *status) return false;
    if (word >= NAME)
        *status = lathe_fail(LATHE_EARG, "settings: probe = '%.60s' has a name that is too long", *list);
    else {
        snprintf(name, sizeof name, "%.*s", (int)length, *list);
        snprintf(option, NAME, "%.*s", (int)(word > length ? word - length - 1 : 0), *list + length + 1);
        *type = lathe_registry_find(&registry, name);
        if (!*type) *status = lathe_error();
        else if (word > length && !(*type)->options)
            *status = lathe_fail(LATHE_EARG, "settings: probe = %.*s: %s takes nothing after a colon",
                (int)word, *list, (*type)->name);
        else if (word > length && !*option)
            *status = lathe_fail(LATHE_EARG, "settings: probe = %.*s: expected %s after the colon", (int)word,
                *list, (*type)->options);
    }
    *list += word;
    return !*status;
}

lathe_status lathe_probes_check(const char *list)
{
    if (!list) return lathe_fail_null("lathe_probes_check", "list");
    const lathe_probe_type *seen[MOST];
    char option[NAME];
    lathe_status status = LATHE_OK;
    for (int count = 0; count < MOST && next(&list, &seen[count], option, &status); count++)
        for (int i = 0; i < count && !status; i++)
            if (seen[i] == seen[count])
                status = lathe_fail(LATHE_EARG, "settings: probe names %s more than once", seen[i]->name);
    return status;
}

/* ---- calls in a step ----------------------------------------------------------------------------------- */

static lathe_status on_forward(void *context, const lathe_batch *batch)
{
    lathe_probes *p = context;
    lathe_status status = LATHE_OK;
    for (int i = 0; i < p->probes && !status; i++)
        if (p->probe[i]->type->forward) status = p->probe[i]->type->forward(p->probe[i], batch);
    return status;
}

static lathe_status on_backward(void *context, const lathe_batch *batch, double part)
{
    lathe_probes *p = context;
    lathe_status status = LATHE_OK;
    for (int i = 0; i < p->probes && !status; i++)
        if (p->probe[i]->type->backward) status = p->probe[i]->type->backward(p->probe[i], batch, part);
    return status;
}

static lathe_status on_gradients(void *context, const lathe_batch *batch)
{
    lathe_probes *p = context;
    lathe_status status = LATHE_OK;
    for (int i = 0; i < p->probes && !status; i++)
        if (p->probe[i]->type->gradients) status = p->probe[i]->type->gradients(p->probe[i], batch);
    return status;
}

lathe_status lathe_probes_begin(lathe_probes *probes)
{
    if (!probes) return lathe_fail_null("lathe_probes_begin", "probes");
    lathe_status status = LATHE_OK;
    for (int i = 0; i < probes->columns; i++) probes->value[i] = (double)NAN;
    for (int i = 0; i < probes->probes && !status; i++)
        if (probes->probe[i]->type->begin) status = probes->probe[i]->type->begin(probes->probe[i]);
    probes->learner->watch = status ? NULL : &probes->watch;
    return status;
}

lathe_status lathe_probes_end(lathe_probes *probes, const double **values)
{
    if (!probes || !values) return lathe_fail_null("lathe_probes_end", probes ? "values" : "probes");
    lathe_status status = LATHE_OK;
    probes->learner->watch = NULL;
    for (int i = 0; i < probes->probes && !status; i++)
        if (probes->probe[i]->type->finish) status = probes->probe[i]->type->finish(probes->probe[i]);
    *values = probes->value;
    return status;
}

void lathe_probes_cancel(lathe_probes *probes)
{
    if (probes) probes->learner->watch = NULL;
}

/* ---- an object ----------------------------------------------------------------------------------------- */

static lathe_status add(lathe_probes *p, const lathe_probe_type *type, const char *option,
    const lathe_feed *feed, uint64_t seed)
{
    char *kept = p->option[p->probes];
    lathe_probe *probe = lathe_alloc(1, type->size ? type->size : sizeof *probe);
    if (!probe) return lathe_error();
    memcpy(kept, option, NAME);
    *probe = (lathe_probe){ .type = type,
        .learner = p->learner,
        .feed = feed,
        .seed = seed,
        .option = kept,
        .columns = 1 };
    p->probe[p->probes++] = probe;
    lathe_status status = type->open ? type->open(probe) : LATHE_OK;
    p->columns += probe->columns;
    return status;
}

/* The numbers' place, and the header. */
static lathe_status finish(lathe_probes *p)
{
    lathe_text text = { 0 };
    p->value = lathe_alloc((size_t)p->columns + 1, sizeof *p->value);
    if (!p->value) return lathe_error();
    double *value = p->value;
    lathe_text_put(&text, "step");
    for (int i = 0; i < p->probes; i++) {
        lathe_probe *probe = p->probe[i];
        probe->value = value;
        value += probe->columns;
        for (int k = 0; k < probe->columns; k++)
            lathe_text_add(&text, ",%s",
                probe->type->column ? probe->type->column(probe, k) : probe->type->name);
    }
    p->header = lathe_text_take(&text);
    return p->header ? LATHE_OK : lathe_error();
}

lathe_probes *lathe_probes_new(const char *list, lathe_learner *learner, const lathe_feed *feed,
    uint64_t seed)
{
    if (!list || !learner || !feed)
        return lathe_fail_null("lathe_probes_new", !list ? "list" : !learner ? "learner" : "feed"), NULL;
    const lathe_probe_type *type;
    char option[NAME];
    lathe_status status = lathe_probes_check(list);
    lathe_probes *p = status ? NULL : lathe_alloc(1, sizeof *p);
    if (!p) return NULL;
    p->learner = learner;
    p->watch = (lathe_step_watch){ p, on_forward, on_backward, on_gradients };
    p->option = lathe_alloc(MOST, sizeof *p->option);
    if (!p->option) status = lathe_error();
    while (!status && p->probes < MOST && next(&list, &type, option, &status))
        status = add(p, type, option, feed, seed);
    if (!status) status = finish(p);
    if (!status) return p;
    lathe_probes_free(p);
    return NULL;
}

void lathe_probes_free(lathe_probes *probes)
{
    if (!probes) return;
    lathe_probes_cancel(probes);
    for (int i = 0; i < probes->probes; i++) {
        if (probes->probe[i]->type->close) probes->probe[i]->type->close(probes->probe[i]);
        lathe_free(probes->probe[i]);
    }
    lathe_free(probes->option);
    lathe_free(probes->value);
    lathe_free(probes->header);
    lathe_free(probes);
}

const char *lathe_probes_header(const lathe_probes *probes)
{
    return probes ? probes->header : (lathe_fail_null("lathe_probes_header", "probes"), NULL);
}
