#include "context.h"

#include <stdatomic.h>
#include <string.h>

#include "alloc.h"
#include "field.h"
#include "kernels/kernels.h"
#include "pool_impl.h"
#include "shard_impl.h"

struct lathe_context {
    lathe_pool *pool;
    const lathe_kernels *kernels;
    lathe_conv_choice conv;
    const lathe_exchange *exchange;
    lathe_pendings pendings;
};

static lathe_pool *pool_of(const lathe_context *context)
{
    return context && context->pool ? context->pool : lathe_pool_default();
}

const lathe_kernels *lathe_context_kernels(const lathe_context *context)
{
    static _Atomic(const lathe_kernels *) chosen;
    if (context && context->kernels) return context->kernels;
    const lathe_kernels *kernels = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (!kernels) atomic_store_explicit(&chosen, kernels = lathe_kernels_preferred(), memory_order_relaxed);
    return kernels;
}

/* The default context. Its members are looked up at each use, so it cannot fail to start. */
static lathe_context shared;

lathe_context *lathe_context_default(void) { return &shared; }

lathe_conv_choice lathe_context_conv(const lathe_context *context)
{
    return context ? context->conv : shared.conv;
}

void lathe_context_set_conv(lathe_context *context, lathe_conv_choice conv)
{
    if (!context) context = &shared;
    context->conv = conv;
}

const lathe_exchange *lathe_context_exchange(const lathe_context *context)
{
    return context ? context->exchange : shared.exchange;
}

void lathe_context_set_exchange(lathe_context *context, const lathe_exchange *exchange)
{
    if (!context) context = &shared;
    context->exchange = exchange;
    lathe_free(context->pendings.room);
    context->pendings = (lathe_pendings){ 0 };
}

lathe_pendings *lathe_context_pendings(lathe_context *context)
{
    return context ? &context->pendings : &shared.pendings;
}

static const char *isa_name(const void *context, int index)
{
    (void)context;
    const lathe_kernels *kernels = lathe_kernels_at(index);
    return kernels ? kernels->isa : NULL;
}

static const lathe_kernels *kernels_named(const char *isa)
{
    for (int i = 0; lathe_kernels_at(i); i++)
        if (!strcmp(lathe_kernels_at(i)->isa, isa)) return lathe_kernels_at(i);
    lathe_fail_name("isa", isa, isa_name, NULL);
    return NULL;
}

lathe_context *lathe_context_new(const lathe_context_opts *opts)
{
    if (opts && (unsigned)opts->conv > LATHE_CONV_DIRECT) {
        lathe_fail(LATHE_EARG,
            "lathe_context_new: conv is %d; it can be LATHE_CONV_AUTO or LATHE_CONV_DIRECT", (int)opts->conv);
        return NULL;
    }
    const lathe_kernels *kernels = opts && opts->isa ? kernels_named(opts->isa) : NULL;
    if (opts && opts->isa && !kernels) return NULL;
    lathe_context *context = lathe_alloc(1, sizeof *context);
    if (!context) return NULL;
    context->kernels = kernels;
    if (opts) context->conv = opts->conv;
    context->pool = lathe_pool_new();
    if (context->pool && !lathe_threads_set(context, opts ? opts->threads : 0)) return context;
    lathe_context_free(context);
    return NULL;
}

void lathe_context_free(lathe_context *context)
{
    if (!context || context == lathe_context_default()) return;
    lathe_pool_free(context->pool);
    lathe_free(context->pendings.room);
    lathe_free(context);
}

const char *lathe_context_isa(const lathe_context *context) { return lathe_context_kernels(context)->isa; }

void lathe_parallel(lathe_context *context, int tasks, lathe_task_fn *run, void *job)
{
    if (run) lathe_pool_run(pool_of(context), tasks, run, job);
}

int lathe_threads(lathe_context *context) { return lathe_pool_threads(pool_of(context)); }

lathe_status lathe_threads_set(lathe_context *context, int threads)
{
    return lathe_pool_set_threads(pool_of(context), threads);
}
