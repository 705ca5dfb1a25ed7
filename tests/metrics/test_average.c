#include "support/support.h"

#include <math.h>

/* Batches of 64, 64 and 8 samples: (64*1 + 64*2 + 8*10) / 136 = 2, not the (1 + 2 + 10) / 3 of an unweighted
 * mean. */
static void a_short_batch_counts_its_share(void **state)
{
    (void)state;
    lathe_average loss = { 0 };
    assert_true(isnan(lathe_average_value(&loss)));
    lathe_average_add(&loss, 1, 64);
    lathe_average_add(&loss, 2, 64);
    lathe_average_add(&loss, 10, 8);
    assert_true(lathe_average_value(&loss) == 2);
    lathe_average_add(&loss, 1e9, 0);
    assert_true(lathe_average_value(&loss) == 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_short_batch_counts_its_share) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
