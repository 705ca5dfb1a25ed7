#define _GNU_SOURCE
#include "processes.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROOM = 1 << 23 };

/* What all processes see: a place for each one's bytes. */
typedef struct meeting {
    pthread_barrier_t barrier;
    size_t sent[PROCESSES][PROCESSES];
    char text[PROCESSES][PROCESSES_TEXT];
    _Alignas(64) char bytes[PROCESSES][ROOM];
} meeting;

typedef struct seat {
    meeting *at;
    lathe_exchange exchange;
} seat;

static lathe_status gather(void *self, const void *mine, void *all, const size_t *bytes)
{
    const seat *s = self;
    const int rank = s->exchange.rank, size = s->exchange.size;
    if (bytes[rank] > ROOM) return lathe_fail(LATHE_EIO, "a test's exchange has %d bytes", ROOM);
    if (bytes[rank]) memcpy(s->at->bytes[rank], mine, bytes[rank]);
    pthread_barrier_wait(&s->at->barrier);
    char *to = all;
    for (int r = 0; r < size; to += bytes[r], r++)
        if (bytes[r]) memcpy(to, s->at->bytes[r], bytes[r]);
    pthread_barrier_wait(&s->at->barrier);
    return LATHE_OK;
}

static lathe_status scatter(void *self, const void *mine, const size_t *sent, void *got,
    const size_t *received)
{
    const seat *s = self;
    const int rank = s->exchange.rank, size = s->exchange.size;
    size_t all = 0;
    for (int r = 0; r < size; r++) all += s->at->sent[rank][r] = sent[r];
    if (all > ROOM) return lathe_fail(LATHE_EIO, "a test's exchange has %d bytes", ROOM);
    if (all) memcpy(s->at->bytes[rank], mine, all);
    pthread_barrier_wait(&s->at->barrier);
    char *to = got;
    bool same = true;
    for (int r = 0; r < size; to += received[r], r++) {
        size_t before = 0;
        for (int k = 0; k < rank; k++) before += s->at->sent[r][k];
        same = same && received[r] == s->at->sent[r][rank];
        if (received[r]) memcpy(to, s->at->bytes[r] + before, received[r]);
    }
    pthread_barrier_wait(&s->at->barrier);
    return same ? LATHE_OK : lathe_fail(LATHE_EIO, "a process sends another number of bytes");
}

static int be_process(meeting *m, int rank, int size, processes_body *body, void *job)
{
    static seat s;
    s = (seat){ m, { .self = &s, .rank = rank, .size = size, .gather = gather, .scatter = scatter } };
    if (size > 1) lathe_context_set_exchange(NULL, &s.exchange);
    const char *text = body(rank, job);
    if (text) snprintf(m->text[rank], sizeof m->text[rank], "%s", text);
    return text != NULL;
}

/* Wait for all; after a failure the others may wait for the one that failed, and have ten seconds. */
static void wait_for(meeting *m, pid_t *process, int size)
{
    int left = size, ticks = -1;
    while (left) {
        for (int r = 0; r < size; r++) {
            int status;
            if (!process[r] || waitpid(process[r], &status, WNOHANG) != process[r]) continue;
            process[r] = 0;
            left--;
            if (status && !*m->text[r]) snprintf(m->text[r], sizeof m->text[r], "ended by status %d", status);
            if (status && ticks < 0) ticks = 1000;
        }
        usleep(10000);
        if (ticks > 0 && !--ticks)
            for (int r = 0; r < size; r++)
                if (process[r]) kill(process[r], SIGKILL);
    }
}

void processes_run(int size, processes_body *body, void *job, char failure[PROCESSES][PROCESSES_TEXT])
{
    assert_in_range(size, 1, PROCESSES);
    meeting *m = mmap(NULL, sizeof *m, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(m != MAP_FAILED);
    pthread_barrierattr_t shared;
    pthread_barrierattr_init(&shared);
    pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&m->barrier, &shared, (unsigned)size);
    pid_t process[PROCESSES];
    fflush(NULL);
    for (int r = 0; r < size; r++) {
        process[r] = fork();
        assert_true(process[r] >= 0);
        if (!process[r]) _exit(be_process(m, r, size, body, job));
    }
    wait_for(m, process, size);
    char first[PROCESSES_TEXT] = "";
    for (int r = 0; r < size; r++) {
        if (!*first && *m->text[r]) snprintf(first, sizeof first, "%s", m->text[r]);
        if (failure) memcpy(failure[r], m->text[r], PROCESSES_TEXT);
    }
    pthread_barrierattr_destroy(&shared);
    munmap(m, sizeof *m);
    if (!failure && *first) fail_msg("%s", first);
}
