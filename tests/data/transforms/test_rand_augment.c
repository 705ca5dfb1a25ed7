#include "support/transform.h"

#include <stdlib.h>
#include <string.h>

/* One operation at full strength has some two dozen outcomes: identity, and each operation in one or two
 * directions. */
static void every_operation_is_drawn(void **state)
{
    (void)state;
    enum { BYTES = 3 * 18 * 23, MOST = 64 };
    lathe_image in = test_picture(18, 23);
    uint8_t *seen[MOST];
    int kinds = 0, same = 0;
    for (uint64_t i = 0; i < 1000; i++) {
        lathe_image out = transformed("rand_augment:1:30", &in, 1, 0, i);
        int k = 0;
        while (k < kinds && memcmp(seen[k], out.pixels, BYTES)) k++;
        same += !memcmp(in.pixels, out.pixels, BYTES);
        if (k == kinds && kinds < MOST) seen[kinds++] = out.pixels;
        else free(out.pixels);
    }
    assert_int_equal(kinds,
        1 + 5 * 2 + 4 * 2 + 4);     /* two directions of moves and factors; one of the last four */
    assert_in_range(same, 40, 110); /* 1 in 14 */
    for (int k = 0; k < kinds; k++) free(seen[k]);
    free(in.pixels);
}

static void strength_grows(void **state)
{
    (void)state;
    lathe_image in = test_picture(18, 23);
    double changes[2] = { 0 };
    for (int k = 0; k < 2; k++)
        for (uint64_t i = 0; i < 300; i++) {
            lathe_image out = transformed(k ? "rand_augment:2:30" : "rand_augment:2:3", &in, 1, 0, i);
            for (int p = 0; p < 3 * 18 * 23; p++) changes[k] += abs(out.pixels[p] - in.pixels[p]);
            free(out.pixels);
        }
    assert_true(changes[1] > 1.3 * changes[0] && changes[0] > 0);
    free(in.pixels);
}

/* Masks are moved with their pictures and keep their numbers. */
static void masks_are_only_moved(void **state)
{
    (void)state;
    lathe_image mask = test_room(1, 20, 20);
    mask.mask = true;
    for (int p = 0; p < 400; p++) mask.pixels[p] = p % 20 < 10 ? 40 : 90;
    int moved = 0;
    for (uint64_t i = 0; i < 200; i++) {
        lathe_image out = transformed("rand_augment:3:20", &mask, 1, 0, i);
        for (int p = 0; p < 400; p++)
            assert_true(out.pixels[p] == 0 || out.pixels[p] == 40 || out.pixels[p] == 90);
        moved += memcmp(out.pixels, mask.pixels, 400) != 0;
        free(out.pixels);
    }
    assert_in_range(moved, 80, 190);
    free(mask.pixels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_is_drawn),
        cmocka_unit_test(strength_grows),
        cmocka_unit_test(masks_are_only_moved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
