/* A process alone, and a build without MPI that a launcher starts. Several processes: ranks.c. */
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

static void alone_is_rank_0_of_1(void **state)
{
    (void)state;
    assert_int_equal(lathe_dist_init(NULL, NULL), LATHE_OK);
    assert_int_equal(lathe_dist_rank(), 0);
    assert_int_equal(lathe_dist_size(), 1);
    assert_int_equal(lathe_dist_local_rank(), 0);
    assert_int_equal(lathe_dist_local_size(), 1);
    assert_string_equal(lathe_dist_name(), "rank 0 of 1");
    assert_null(lathe_dist_exchange());
    assert_null(lathe_context_exchange(NULL));
    lathe_params *none = &(lathe_params){ 0 };
    assert_int_equal(lathe_dist_reduce(none), LATHE_OK);
    lathe_dist_fail("nobody hears it");
    assert_int_equal(lathe_dist_reduce(none), LATHE_OK);
    lathe_dist_finalize();
    lathe_dist_finalize();
    assert_int_equal(lathe_error(), LATHE_OK);
}

static void a_build_without_mpi_refuses_a_launcher(void **state)
{
    (void)state;
    if (strcmp(lathe_dist_library(), "none")) skip();
    static const char *const several[][3] = {
        { "OMPI_COMM_WORLD_SIZE", "4", "a launcher started 4 processes, and this build has no MPI" },
        { "PMI_SIZE", "2", "a launcher started 2 processes" },
        { "SLURM_STEP_NUM_TASKS", "16", "a launcher started 16 processes" },
        { "PMIX_RANK", "0", "a launcher started several processes" },
    };
    for (size_t i = 0; i < sizeof several / sizeof several[0]; i++) {
        setenv(several[i][0], several[i][1], 1);
        assert_int_equal(lathe_dist_init(NULL, NULL), LATHE_ESTATE);
        assert_non_null(strstr(lathe_error_message(), several[i][2]));
        assert_non_null(strstr(lathe_error_message(), "-DLATHE_MPI=ON"));
        unsetenv(several[i][0]);
        assert_int_equal(lathe_dist_size(), 1);
    }
    /* One process is no several; what is no number is no launcher's. */
    static const char *const one[] = { "1", "", "0", "many", "-3" };
    for (size_t i = 0; i < sizeof one / sizeof one[0]; i++) {
        setenv("OMPI_COMM_WORLD_SIZE", one[i], 1);
        assert_int_equal(lathe_dist_init(NULL, NULL), LATHE_OK);
    }
    unsetenv("OMPI_COMM_WORLD_SIZE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alone_is_rank_0_of_1),
        cmocka_unit_test(a_build_without_mpi_refuses_a_launcher),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
