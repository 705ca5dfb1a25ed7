/* What the tests of transforms share. */
#ifndef LATHE_TESTS_TRANSFORM_H
#define LATHE_TESTS_TRANSFORM_H

#include "support.h"

/** The three-channel picture that tests/golden/make_transform.py makes by the same formula. The caller frees
 * its pixels. */
lathe_image test_picture(int height, int width);

/** A picture of no numbers yet. */
lathe_image test_room(int channels, int height, int width);

/** The picture after the transforms of `spec`, in memory of its own. */
lathe_image transformed(const char *spec, const lathe_image *in, uint64_t seed, uint64_t epoch,
    uint64_t index);

/** Fail unless `spec` makes of the picture of 18 x 23 what transform.txt says, and of a photograph, where it
 * is there, what transform_photo.txt says, each number to one level. */
void assert_transform(const char *spec, const char *name);

/** Fail unless `spec` leaves a mask as it is, and moves it not. */
void assert_mask_stays(const char *spec);

/** Fail unless transforms_parse refuses `spec` with this status and message fragment. */
void assert_spec_refused(const char *spec, lathe_status status, const char *fragment);

#endif
