/* What processes tell each other: each gets the same, whoever had it. */
#include "support/ranks.h"

#include <stdlib.h>
#include <string.h>

enum { SIZE = 5, LARGE = (1 << 22) + 3 };

/* What each process has seen, checked by the test. */
typedef struct seen {
    int size, failing; /* the process that fails, or differs; -1: none */
    size_t bytes;
    bool told[SIZE], each[SIZE];
    uint64_t flags[SIZE];
    int threads[SIZE];
    lathe_status settled[SIZE], same[SIZE], alike[SIZE];
    char message[SIZE][LATHE_MESSAGE_SIZE];
} seen;

static void tell(int rank, lathe_context *context, void *job)
{
    seen *s = job;
    unsigned char *data = malloc(s->bytes + 1);
    for (size_t i = 0; i < s->bytes; i++) data[i] = (unsigned char)(rank ? 255 : i * 7 % 251);
    bool good = !lathe_exchange_tell(lathe_context_exchange(context), data, s->bytes);
    for (size_t i = 0; i < s->bytes; i++) good = good && data[i] == i * 7 % 251;
    s->told[rank] = good;
    free(data);
}

static void rank_0_tells_all(void **state)
{
    (void)state;
    static const size_t bytes[] = { 0, 1, 1000, LARGE };
    for (size_t b = 0; b < sizeof bytes / sizeof *bytes; b++)
        for (int size = 1; size <= SIZE; size += 2) {
            seen s = { .bytes = bytes[b] };
            ranks_run(size, tell, &s);
            for (int r = 0; r < size; r++) assert_true(s.told[r]);
        }
}

static void agree(int rank, lathe_context *context, void *job)
{
    seen *s = job;
    const lathe_exchange *exchange = lathe_context_exchange(context);
    const int mine[2] = { rank, 10 * rank };
    int all[SIZE][2];
    s->flags[rank] = (uint64_t)1 << (rank ? 8 * rank : 63);
    if (lathe_exchange_agree(exchange, &s->flags[rank])) s->flags[rank] = 0;
    s->each[rank] = !lathe_exchange_each(exchange, mine, all, sizeof mine);
    for (int r = 0; r < s->size; r++) s->each[rank] = s->each[rank] && all[r][0] == r && all[r][1] == 10 * r;
    if (lathe_exchange_threads(exchange, &s->threads[rank])) s->threads[rank] = -1;
}

static void all_agree(void **state)
{
    (void)state;
    for (int size = 1; size <= SIZE; size++) {
        uint64_t all = (uint64_t)1 << 63;
        seen s = { .size = size };
        for (int r = 1; r < size; r++) all |= (uint64_t)1 << 8 * r;
        ranks_run(size, agree, &s);
        for (int r = 0; r < size; r++) {
            assert_true(s.flags[r] == all);
            assert_true(s.each[r]);
            assert_int_equal(s.threads[r], s.threads[0]); /* they may use the same processors */
        }
        if (size == 1) assert_int_equal(s.threads[0], 0);
        else assert_in_range(s.threads[0], 1, 1024);
    }
}

static void settle(int rank, lathe_context *context, void *job)
{
    seen *s = job;
    const lathe_exchange *exchange = lathe_context_exchange(context);
    bool held = lathe_error_hold(true);
    lathe_status mine = rank && rank >= s->failing ? lathe_fail(LATHE_ESHAPE, "%d is odd", rank) : LATHE_OK;
    s->settled[rank] = lathe_exchange_settle(exchange, s->failing < 0 ? LATHE_OK : mine);
    snprintf(s->message[rank], LATHE_MESSAGE_SIZE, "%s", lathe_error_message());
    s->same[rank] = lathe_exchange_same(exchange, "colours", rank == s->failing ? "red" : "blue");
    if (s->same[rank]) snprintf(s->message[rank], LATHE_MESSAGE_SIZE, "%s", lathe_error_message());
    s->alike[rank] = lathe_exchange_alike(exchange);
    lathe_error_hold(held);
}

static void all_fail_or_none(void **state)
{
    (void)state;
    for (int failing = -1; failing < 3; failing += failing < 0 ? 2 : 1) {
        seen s = { .failing = failing };
        ranks_run(3, settle, &s);
        for (int r = 0; r < 3; r++) {
            char begin[64];
            assert_int_equal(s.alike[r], LATHE_OK); /* threads of one program are */
            assert_int_equal(s.settled[r], failing < 0 ? LATHE_OK : LATHE_ESHAPE);
            assert_int_equal(s.same[r], failing < 0 ? LATHE_OK : LATHE_ESTATE);
            if (failing < 0) continue;
            snprintf(begin, sizeof begin, "rank %d of 3 on ", failing);
            assert_memory_equal(s.message[r], begin, strlen(begin));
            assert_non_null(strstr(s.message[r], ": colours: red; rank 0 on "));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rank_0_tells_all),
        cmocka_unit_test(all_agree),
        cmocka_unit_test(all_fail_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
