/* Files of weights and a net's tensors: which tensor of the file is for which of the net, and do they fit? */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "safetensors_impl.h"
#include "text.h"
#include "weights.h"

/* A comparison under way: what does not fit, and which tensors of the file were asked for. */
typedef struct comparison {
    const lathe_safetensors *file;
    const char *prefix;
    int mismatches;
    lathe_text list;
    bool *asked; /* [file->tensors] */
    lathe_weights_fit fit;
} comparison;

/* Without trailing dimensions of 1. */
static bool same_shape(const lathe_safetensor *saved, const lathe_shape *shape)
{
    bool same = true;
    for (int i = 0; same && (i < shape->rank || i < saved->rank); i++)
        same = (i < saved->rank ? saved->dim[i] : 1) == (uint64_t)(i < shape->rank ? shape->dim[i] : 1);
    return same;
}

static const lathe_safetensor *find_for(const lathe_safetensors *file, const char *prefix,
    const lathe_tensor *tensor)
{
    char whole[2 * LATHE_SAFETENSORS_NAME];
    int length = snprintf(whole, sizeof whole, "%s%s", prefix, tensor->name);
    const lathe_safetensor *found = length < (int)sizeof whole ? lathe_safetensors_find(file, whole) : NULL;
    return found || *prefix || !tensor->alias ? found : lathe_safetensors_find(file, tensor->alias);
}

static void separate(comparison *c)
{
    if (c->mismatches++) lathe_text_put(&c->list, "; ");
}

/* Collect why the tensor of the file (NULL: it has none) does not fit. */
static void collect(comparison *c, const lathe_safetensor *saved, const lathe_tensor *tensor)
{
    char expected[LATHE_SHAPE_TEXT];
    separate(c);
    if (!saved)
        lathe_text_add(&c->list, "%s%s is missing", c->prefix,
            tensor->alias && !*c->prefix ? tensor->alias : tensor->name);
    else if (!lathe_dtype_converts(saved->dtype))
        lathe_text_add(&c->list, "%s is of type %s", saved->name, saved->dtype);
    else {
        lathe_text_add(&c->list, "%s is [", saved->name);
        for (int i = 0; i < saved->rank; i++)
            lathe_text_add(&c->list, "%s%llu", i ? ", " : "", (unsigned long long)saved->dim[i]);
        lathe_text_add(&c->list, "], expected %s", lathe_shape_text(&tensor->shape, expected));
    }
}

static void compare_tensor(comparison *c, const lathe_tensor *tensor, bool may_differ)
{
    const lathe_safetensor *saved = find_for(c->file, c->prefix, tensor);
    if (saved) c->asked[saved - c->file->tensor] = true;
    if (saved && lathe_dtype_converts(saved->dtype) && same_shape(saved, &tensor->shape)) c->fit.taken++;
    else if (!may_differ) collect(c, saved, tensor);
    else if (!c->fit.left_out++) c->fit.head = saved;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && !strcmp(text + length - tail, end);
}

/* Collect, or count, the file's tensors that were not asked for. */
static void compare_rest(comparison *c, bool spare)
{
    for (size_t i = 0; i < c->file->tensors; i++) {
        const char *name = c->file->tensor[i].name;
        if (c->asked[i] || !strncmp(name, "optimizer.", 10) || ends_with(name, "num_batches_tracked"))
            continue;
        c->fit.spare++;
        if (spare) continue;
        separate(c);
        lathe_text_add(&c->list, "%s is unknown", name);
    }
}

/* The number of the first tensor of the last layer that has tensors. */
static int head_of(lathe_tensor *const *tensors, int count)
{
    int first = count - 1;
    if (count < 1) return 0;
    const char *last = tensors[first]->name, *dot = strrchr(last, '.');
    size_t length = dot ? (size_t)(dot - last) + 1 : 0;
    while (first > 0 && !strncmp(tensors[first - 1]->name, last, length)) first--;
    return first;
}

/* Compare all tensors; `opts` NULL: all must be there. `strict`: the file has no others. */
static lathe_status compare(const lathe_safetensors *file, lathe_tensor *const *tensors, int count,
    const char *prefix, bool strict, const lathe_weights_opts *opts, lathe_weights_fit *fit)
{
    comparison c = { .file = file, .prefix = prefix };
    c.asked = lathe_alloc(file->tensors + 1, sizeof *c.asked);
    if (!c.asked) return lathe_error();
    const int head = opts && opts->new_head ? head_of(tensors, count) : count;
    for (int i = 0; i < count; i++) compare_tensor(&c, tensors[i], i >= head);
    if (strict) compare_rest(&c, opts && opts->spare);
    lathe_free(c.asked);
    lathe_status status = LATHE_OK;
    if (c.mismatches)
        status = lathe_fail(LATHE_ESHAPE, "%s does not fit the model in %d places: %s", file->path,
            c.mismatches, c.list.chars ? c.list.chars : "");
    lathe_text_free(&c.list);
    if (fit) *fit = c.fit;
    return status;
}

/* Fill the tensors that the file has in their shape. */
static lathe_status fill(const lathe_safetensors *file, lathe_tensor *const *tensors, int count,
    const char *prefix)
{
    lathe_status status = LATHE_OK;
    for (int i = 0; i < count && !status; i++) {
        const lathe_safetensor *saved = find_for(file, prefix, tensors[i]);
        if (saved && same_shape(saved, &tensors[i]->shape))
            status = lathe_safetensors_get(file, saved, tensors[i]->data, tensors[i]->stored);
    }
    return status;
}

lathe_status lathe_safetensors_fit(const lathe_safetensors *file, lathe_tensor *const *tensors, int count,
    const char *prefix, bool strict)
{
    if (!file || !prefix || (count > 0 && !tensors))
        return lathe_fail_null("lathe_safetensors_fit", !file ? "file" : !prefix ? "prefix" : "tensors");
    return compare(file, tensors, count, prefix, strict, NULL, NULL);
}

lathe_status lathe_safetensors_load(const lathe_safetensors *file, lathe_tensor *const *tensors, int count,
    const char *prefix, bool strict)
{
    lathe_status status = lathe_safetensors_fit(file, tensors, count, prefix, strict);
    return status ? status : fill(file, tensors, count, prefix);
}

lathe_status lathe_weights_compare(const lathe_safetensors *file, lathe_tensor *const *tensors, int count,
    const lathe_weights_opts *opts, lathe_weights_fit *fit)
{
    if (!file || (count > 0 && !tensors))
        return lathe_fail_null("lathe_weights_compare", file ? "tensors" : "file");
    return compare(file, tensors, count, "", true, opts, fit);
}

lathe_status lathe_weights_load(const lathe_safetensors *file, lathe_tensor *const *tensors, int count,
    const lathe_weights_opts *opts)
{
    lathe_status status = lathe_weights_compare(file, tensors, count, opts, NULL);
    return status ? status : fill(file, tensors, count, "");
}

int lathe_weights_classes(const lathe_safetensors *file, lathe_tensor *const *tensors, int count)
{
    if (!file || count < 1 || !tensors) return 0;
    const lathe_safetensor *head = find_for(file, "", tensors[count - 1]);
    return head && head->rank && head->dim[0] <= INT_MAX ? (int)head->dim[0] : 0;
}
