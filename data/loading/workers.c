#include "workers_impl.h"

#include "../../core/alloc.h"
#include "../../core/threads_impl.h"

/* Batches are numbered from the last seek: number n goes into slot n % slots. Those from `next` to `planned`
 * are under way. */
struct lathe_workers {
    const lathe_recipe *recipe;
    lathe_plan_fn *plan;
    void *context;
    uint64_t batches;
    uint64_t epoch, index; /* of batch number `planned` */
    uint64_t next, planned;
    int busy; /* threads that fill a slot */
    bool stopping, seeking;
    lathe_mutex mutex;          /* of all the above and `made` */
    lathe_condition room, done; /* a slot is free; a slot is made */
    int slots, threads;
    lathe_slot *slot;     /* [slots] */
    bool *made;           /* [slots] */
    lathe_thread *thread; /* [threads] */
};

/* Wait for a free slot and plan the next batch in it. Returns NULL at the end. The mutex is held. */
static lathe_slot *claim(lathe_workers *workers)
{
    while (!workers->stopping &&
        (workers->seeking || workers->planned - workers->next == (uint64_t)workers->slots))
        lathe_condition_wait(&workers->room, &workers->mutex);
    if (workers->stopping) return NULL;
    lathe_slot *slot = &workers->slot[workers->planned++ % (uint64_t)workers->slots];
    workers->plan(workers->context, slot, workers->epoch, workers->index);
    if (++workers->index == workers->batches) {
        workers->index = 0;
        workers->epoch++;
    }
    return slot;
}

static void work(void *context)
{
    lathe_workers *workers = context;
    lathe_error_hold(true); /* the loader's thread repeats a failed block and reports it */
    lathe_mutex_lock(&workers->mutex);
    for (lathe_slot *slot; (slot = claim(workers));) {
        workers->busy++;
        lathe_mutex_unlock(&workers->mutex);
        for (int block = 0; block < lathe_slot_blocks(slot, workers->recipe); block++)
            slot->failed[block] = lathe_slot_fill(slot, workers->recipe, block) != LATHE_OK;
        lathe_mutex_lock(&workers->mutex);
        workers->busy--;
        workers->made[slot - workers->slot] = true;
        lathe_condition_wake(&workers->done);
    }
    lathe_mutex_unlock(&workers->mutex);
}

static lathe_status start_threads(lathe_workers *workers, int count)
{
    while (workers->threads < count &&
        lathe_thread_start(&workers->thread[workers->threads], work, workers, NULL, 0))
        workers->threads++;
    if (workers->threads == count) return LATHE_OK;
    return lathe_fail(LATHE_ENOMEM, "loader: the system gives %d threads, %d workers were asked for",
        workers->threads, count);
}

lathe_workers *lathe_workers_start(int count, const lathe_recipe *recipe, int batch_size, uint64_t batches,
    lathe_plan_fn *plan, void *context)
{
    lathe_workers *workers = lathe_alloc(1, sizeof *workers);
    if (!workers) return NULL;
    *workers = (lathe_workers){ .recipe = recipe, .plan = plan, .context = context, .batches = batches };
    lathe_mutex_init(&workers->mutex);
    lathe_condition_init(&workers->room);
    lathe_condition_init(&workers->done);
    int slots = count + 2; /* one that the caller holds, and one that is ready */
    workers->slot = lathe_alloc((size_t)slots, sizeof *workers->slot);
    workers->made = lathe_alloc((size_t)slots, sizeof *workers->made);
    workers->thread = lathe_alloc((size_t)count, sizeof *workers->thread);
    bool good = workers->slot && workers->made && workers->thread;
    while (good && workers->slots < slots) {
        good = !lathe_slot_init(&workers->slot[workers->slots], recipe, batch_size);
        workers->slots += good;
    }
    if (good && !start_threads(workers, count)) return workers;
    lathe_workers_free(workers);
    return NULL;
}

void lathe_workers_free(lathe_workers *workers)
{
    if (!workers) return;
    lathe_mutex_lock(&workers->mutex);
    workers->stopping = true;
    lathe_condition_wake_all(&workers->room);
    lathe_mutex_unlock(&workers->mutex);
    for (int i = 0; i < workers->threads; i++) lathe_thread_join(&workers->thread[i]);
    for (int i = 0; i < workers->slots; i++) lathe_slot_free(&workers->slot[i]);
    lathe_condition_free(&workers->done);
    lathe_condition_free(&workers->room);
    lathe_mutex_free(&workers->mutex);
    lathe_free(workers->slot);
    lathe_free(workers->made);
    lathe_free(workers->thread);
    lathe_free(workers);
}

lathe_slot *lathe_workers_wait(lathe_workers *workers)
{
    lathe_mutex_lock(&workers->mutex);
    size_t place = (size_t)(workers->next % (uint64_t)workers->slots);
    while (!workers->made[place]) lathe_condition_wait(&workers->done, &workers->mutex);
    lathe_mutex_unlock(&workers->mutex);
    return &workers->slot[place];
}

void lathe_workers_release(lathe_workers *workers)
{
    lathe_mutex_lock(&workers->mutex);
    workers->made[workers->next++ % (uint64_t)workers->slots] = false;
    lathe_condition_wake(&workers->room);
    lathe_mutex_unlock(&workers->mutex);
}

void lathe_workers_seek(lathe_workers *workers, uint64_t epoch, uint64_t index)
{
    lathe_mutex_lock(&workers->mutex);
    workers->seeking = true;
    while (workers->busy) lathe_condition_wait(&workers->done, &workers->mutex);
    for (int i = 0; i < workers->slots; i++) workers->made[i] = false;
    workers->next = workers->planned = 0;
    workers->epoch = index == workers->batches ? epoch + 1 : epoch;
    workers->index = index == workers->batches ? 0 : index;
    workers->seeking = false;
    lathe_condition_wake_all(&workers->room);
    lathe_mutex_unlock(&workers->mutex);
}

void lathe_workers_lock(lathe_workers *workers) { lathe_mutex_lock(&workers->mutex); }

void lathe_workers_unlock(lathe_workers *workers) { lathe_mutex_unlock(&workers->mutex); }
