#include "ranks.h"

#include <pthread.h>
#include <string.h>

enum { MOST = 16 };

/*
 * What all threads see: where each has its bytes, how many have come to the present meeting, and whether one
 * has ended and will come no more.
 */
typedef struct meeting {
    pthread_mutex_t mutex;
    pthread_cond_t all_here;
    int size, here;
    unsigned long number;
    bool ended;
    const char *mine[MOST];
    const size_t *sent[MOST];
} meeting;

typedef struct seat {
    meeting *at;
    int rank;
    ranks_body *body;
    void *job;
    lathe_exchange exchange;
    lathe_context *context;
} seat;

static lathe_status meet(meeting *m)
{
    pthread_mutex_lock(&m->mutex);
    unsigned long number = m->number;
    if (++m->here == m->size) {
        m->here = 0;
        m->number++;
        pthread_cond_broadcast(&m->all_here);
    }
    while (m->number == number && !m->ended) pthread_cond_wait(&m->all_here, &m->mutex);
    bool alone = m->number == number;
    pthread_mutex_unlock(&m->mutex);
    return alone ? lathe_fail(LATHE_EIO, "another process has ended") : LATHE_OK;
}

static void leave(meeting *m)
{
    pthread_mutex_lock(&m->mutex);
    m->ended = true;
    pthread_cond_broadcast(&m->all_here);
    pthread_mutex_unlock(&m->mutex);
}

static lathe_status gather(void *self, const void *mine, void *all, const size_t *bytes)
{
    seat *s = self;
    meeting *m = s->at;
    m->mine[s->rank] = mine;
    lathe_status status = meet(m);
    if (status) return status;
    char *to = all;
    for (int rank = 0; rank < m->size; to += bytes[rank], rank++)
        if (bytes[rank]) memcpy(to, m->mine[rank], bytes[rank]);
    return meet(m);
}

static lathe_status scatter(void *self, const void *mine, const size_t *sent, void *got,
    const size_t *received)
{
    seat *s = self;
    meeting *m = s->at;
    m->mine[s->rank] = mine;
    m->sent[s->rank] = sent;
    lathe_status status = meet(m);
    if (status) return status;
    char *to = got;
    for (int rank = 0; rank < m->size; to += received[rank], rank++) {
        size_t before = 0;
        for (int r = 0; r < s->rank; r++) before += m->sent[rank][r];
        if (received[rank] != m->sent[rank][s->rank])
            return lathe_fail(LATHE_EIO, "process %d sends %zu bytes, process %d expects %zu", rank,
                m->sent[rank][s->rank], s->rank, received[rank]);
        if (received[rank]) memcpy(to, m->mine[rank] + before, received[rank]);
    }
    return meet(m);
}

static void *sit(void *context)
{
    seat *s = context;
    s->body(s->rank, s->context, s->job);
    leave(s->at);
    return NULL;
}

void ranks_run(int size, ranks_body *body, void *job)
{
    assert_in_range(size, 1, MOST);
    if (!LATHE_TEST_THREADS) { /* contexts of several threads need a library with locks */
        print_message("SKIPPED: processes are threads here, and this build has none\n");
        skip();
    }
    meeting m = { .mutex = PTHREAD_MUTEX_INITIALIZER, .all_here = PTHREAD_COND_INITIALIZER, .size = size };
    seat seats[MOST];
    pthread_t threads[MOST];
    for (int rank = 0; rank < size; rank++) {
        seat *s = &seats[rank];
        *s = (seat){ .at = &m, .rank = rank, .body = body, .job = job };
        s->exchange =
            (lathe_exchange){ .self = s, .rank = rank, .size = size, .gather = gather, .scatter = scatter };
        s->context = lathe_context_new(&(lathe_context_opts){ .threads = 1 });
        assert_non_null(s->context);
        if (size > 1) lathe_context_set_exchange(s->context, &s->exchange);
        assert_int_equal(pthread_create(&threads[rank], NULL, sit, s), 0);
    }
    for (int rank = 0; rank < size; rank++) {
        pthread_join(threads[rank], NULL);
        lathe_context_free(seats[rank].context);
    }
}

lathe_batch ranks_batch(const lathe_batch *whole, int rank, int size)
{
    lathe_batch part = *whole;
    if (size == 1) return part;
    lathe_shard shard = lathe_shard_of(whole->size, rank, size);
    size_t picture = (size_t)whole->channels * (size_t)whole->height * (size_t)whole->width,
           first = (size_t)shard.first, answers = whole->answers ? whole->answers : 1;
    part.size = shard.count;
    part.whole = shard.whole;
    part.first = shard.first;
    part.silent = shard.silent;
    part.images = whole->images + first * picture; /* a multiple of sixteen: so in both layouts */
    if (whole->labels) part.labels = whole->labels + first * answers;
    if (whole->other_labels) part.other_labels = whole->other_labels + first;
    if (whole->share) part.share = whole->share + first;
    return part;
}
