#include "support/transform.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HEIGHT = 40, WIDTH = 52, OBJECTS = 4, DRAWS = 200 };

/* Left, top, right, bottom of a box for each instance; the corners are also its points. */
static const int boxes[OBJECTS][4] = { { 16, 12, 25, 20 }, { 27, 12, 34, 30 }, { 15, 23, 26, 29 },
    { 40, 2, 52, 9 } };

typedef struct lists {
    lathe_object object[OBJECTS];
    double visible[OBJECTS];
    size_t first_point[OBJECTS + 1];
    lathe_point point[4 * OBJECTS];
} lists;

static lathe_object_list fill(lists *room, double min_visible)
{
    room->first_point[0] = 0;
    for (int i = 0; i < OBJECTS; i++) {
        const float x0 = (float)boxes[i][0], y0 = (float)boxes[i][1], x1 = (float)boxes[i][2],
                    y1 = (float)boxes[i][3];
        room->object[i] = (lathe_object){ i, i + 1, x0, y0, x1, y1 };
        room->visible[i] = 1;
        room->first_point[i + 1] = 4 * ((size_t)i + 1);
        const lathe_point corners[4] = { { x0, y0 }, { x1, y0 }, { x1, y1 }, { x0, y1 } };
        memcpy(room->point + 4 * i, corners, sizeof corners);
    }
    return (lathe_object_list){ OBJECTS, room->object, room->visible, room->first_point, room->point,
        min_visible };
}

static lathe_image instance_mask(void)
{
    lathe_image mask = { 1, HEIGHT, WIDTH, calloc(HEIGHT, WIDTH), LATHE_INSTANCE_MASK };
    for (int i = 0; i < OBJECTS; i++)
        for (int y = boxes[i][1]; y < boxes[i][3]; y++)
            memset(mask.pixels + y * WIDTH + boxes[i][0], i + 1, (size_t)(boxes[i][2] - boxes[i][0]));
    return mask;
}

/* The box around the pixels of one instance; false: it has none. */
static bool measure(const lathe_image *mask, int instance, double box[4])
{
    box[0] = box[1] = HUGE_VAL, box[2] = box[3] = -HUGE_VAL;
    for (int y = 0; y < mask->height; y++)
        for (int x = 0; x < mask->width; x++)
            if (mask->pixels[y * mask->width + x] == instance) {
                box[0] = fmin(box[0], x), box[2] = fmax(box[2], x + 1);
                box[1] = fmin(box[1], y), box[3] = fmax(box[3], y + 1);
            }
    return box[2] > 0;
}

/* The box around an object's points, cut off at the picture's edge, is its box: one transform was done. */
static void check_points(const lathe_object_list *list, size_t i, const lathe_image *out)
{
    float box[4] = { HUGE_VALF, HUGE_VALF, -HUGE_VALF, -HUGE_VALF };
    assert_int_equal(list->first_point[i + 1] - list->first_point[i], 4);
    for (size_t k = list->first_point[i]; k < list->first_point[i + 1]; k++) {
        float x = fminf(fmaxf(list->point[k].x, 0), (float)out->width);
        float y = fminf(fmaxf(list->point[k].y, 0), (float)out->height);
        box[0] = fminf(box[0], x), box[2] = fmaxf(box[2], x);
        box[1] = fminf(box[1], y), box[3] = fmaxf(box[3], y);
    }
    const lathe_object *object = &list->object[i];
    const double want[4] = { (double)object->x0, (double)object->y0, (double)object->x1, (double)object->y1 },
                 got[4] = { (double)box[0], (double)box[1], (double)box[2], (double)box[3] };
    assert_close_double("box of the points", got, want, 4, 1e-5, 1e-4);
}

/* Each object's box is that of its moved pixels, up to `tolerance`; of one that is turned and cut off it
 * contains them. Returns how many boxes were equal so. */
static int compare(const lathe_object_list *list, const lathe_image *out, double tolerance, bool turned,
    const char *spec)
{
    int equal = 0;
    bool kept[OBJECTS + 1] = { false };
    double box[4];
    for (size_t i = 0; i < list->count; i++) {
        const lathe_object *object = &list->object[i];
        const double moved[4] = { (double)object->x0, (double)object->y0, (double)object->x1,
            (double)object->y1 };
        kept[object->instance] = true;
        assert_int_equal(object->label, object->instance - 1);
        bool seen = measure(out, object->instance, box);
        if (!seen) { /* less than a pixel of it is left */
            assert_true(list->visible[i] < 0.2 || moved[2] - moved[0] < 1 || moved[3] - moved[1] < 1);
            continue;
        }
        bool whole = !turned || list->visible[i] > 1 - 1e-9;
        for (int k = 0; k < 4; k++) {
            double outside = k < 2 ? moved[k] - box[k] : box[k] - moved[k];
            if (whole ? fabs(outside) > tolerance : outside > tolerance)
                fail_msg("%s: object %d: side %d at %g, of its pixels at %g (visible %g)", spec,
                    object->label, k, moved[k], box[k], list->visible[i]);
        }
        equal += whole;
    }
    for (int i = 1; i <= OBJECTS; i++) /* what is left out cannot be seen, but for a rounded pixel's row */
        if (!kept[i] && measure(out, i, box)) assert_true(fmin(box[2] - box[0], box[3] - box[1]) <= 1);
    return equal;
}

static void boxes_move_as_pixels_do(void **state)
{
    (void)state;
    static const struct {
        const char *spec;
        double tolerance; /* pixels */
        bool turned, several;
    } cases[] = {
        { "hflip", 0, false, false },
        { "vflip", 0, false, false },
        { "crop:6", 0, false, false },
        { "crop:9:36:reflect", 0, false, false },
        { "center_crop:30:34", 0, false, false },
        { "pad:7:reflect", 0, false, false },
        { "pad_if_needed:45:61", 0, false, false },
        { "resize:31:77", 0.51, false, false },
        { "smallest_max_size:64", 0.51, false, false },
        { "longest_max_size:37", 0.51, false, false },
        { "random_resized_crop:48", 0.51, false, false },
        { "random_sized_crop:20:40:48:32", 0.51, false, false },
        { "rotate:90", 1, true, false },
        { "rotate:30:bilinear:wrap:p=1", 1, true, false },
        { "shift_scale_rotate:0.1:0.2:45:p=1", 1, true, false },
        { "affine:0.8..1.3:0.1:20:10:p=1", 1, true, false },
        { "shear:20:p=1", 1, true, false },
        { "one_of(hflip:1,vflip:1,rotate:15:p=1):0.7", 1, true, false },
        { "sequence(crop:4,hflip:1):0.5", 0, false, true },
        { "hflip,random_resized_crop:40:scale=0.3..1,vflip,pad:3", 0.51, false, true },
        { "blur:3:p=1,hflip,jitter:0.3,random_erasing:p=1", 0, false, false },
    };
    lathe_image mask = instance_mask();
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        lathe_transforms *transforms = lathe_transforms_parse(cases[n].spec);
        if (!transforms) fail_msg("%s: %s", cases[n].spec, lathe_error_message());
        int equal = 0;
        for (uint64_t draw = 0; draw < DRAWS; draw++) {
            lists room;
            lathe_object_list list = fill(&room, 1e-9);
            lathe_image out = transformed(cases[n].spec, &mask, 3, draw / 50, draw);
            assert_int_equal(lathe_transforms_move(transforms, 3, draw / 50, draw, HEIGHT, WIDTH, &list),
                LATHE_OK);
            equal += compare(&list, &out, cases[n].tolerance, cases[n].turned, cases[n].spec);
            for (size_t i = 0; i < list.count && !cases[n].several; i++) check_points(&list, i, &out);
            free(out.pixels);
        }
        if (equal < 3 * DRAWS / 2) fail_msg("%s: only %d boxes compared", cases[n].spec, equal);
        lathe_transforms_free(transforms);
    }
    free(mask.pixels);
}

static void still_moves_boxes_as_pixels(void **state)
{
    (void)state;
    static const char *const specs[] = { "crop:3:30", "random_resized_crop:48:32",
        "random_sized_crop:20:40:48", "resize:20,hflip:1", "one_of(vflip:1,hflip:1):1",
        "rotate:90:p=1,center_crop:32" };
    lathe_image mask = instance_mask();
    for (size_t n = 0; n < sizeof specs / sizeof specs[0]; n++) {
        lathe_transforms *transforms = lathe_transforms_parse(specs[n]);
        uint8_t *scratch = malloc(lathe_transforms_scratch(transforms, 1, HEIGHT, WIDTH));
        lists room;
        lathe_image out;
        lathe_object_list list = fill(&room, 1e-9);
        assert_int_equal(lathe_transforms_still(transforms, &mask, scratch, &out), LATHE_OK);
        assert_int_equal(lathe_transforms_move_still(transforms, HEIGHT, WIDTH, &list), LATHE_OK);
        assert_true(compare(&list, &out, 0.51, false, specs[n]) >= 2);
        free(scratch);
        lathe_transforms_free(transforms);
    }
    free(mask.pixels);
}

/* center_crop:20:16 is columns 18 ... 34 and rows 10 ... 30: of the boxes 7/9, 7/7, 8/11 and 0 are left. */
static void hidden_objects_are_left_out(void **state)
{
    (void)state;
    static const struct {
        double min_visible;
        size_t count;
    } cases[] = { { 0, 3 }, { 0.1, 3 }, { 0.75, 2 }, { 0.78, 1 }, { 1, 1 }, { 1e-9, 3 } };
    lathe_transforms *transforms = lathe_transforms_parse("center_crop:20:16");
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        lists room;
        lathe_object_list list = fill(&room, cases[n].min_visible);
        assert_int_equal(lathe_transforms_move(transforms, 0, 0, 0, HEIGHT, WIDTH, &list), LATHE_OK);
        assert_int_equal(list.count, cases[n].count);
        for (size_t i = 0; i < list.count; i++) { /* its own points are still there */
            const lathe_object *object = &list.object[i];
            assert_int_equal(list.first_point[i], 4 * i);
            assert_true(list.point[4 * i].y == (float)boxes[object->label][1] - 10);
            assert_true(list.point[4 * i].x == (float)boxes[object->label][0] - 18);
        }
    }
    lathe_transforms_free(transforms);
}

/* What a first transform cut off does not come back, and counts as hidden. */
static void what_is_cut_off_stays_off(void **state)
{
    (void)state;
    lathe_transforms *transforms = lathe_transforms_parse("center_crop:40:40,pad:6,resize:104");
    lists room;
    lathe_object_list list = fill(&room, 0);
    assert_int_equal(lathe_transforms_move(transforms, 0, 0, 0, HEIGHT, WIDTH, &list), LATHE_OK);
    assert_int_equal(list.count, OBJECTS);
    const lathe_object *object = &list.object[3]; /* columns 40 ... 52 become 34 ... 40, 40 ... 46 */
    assert_true(object->x0 == 80 && object->x1 == 92);
    assert_close_double("visible", &list.visible[3], &(double){ 0.5 }, 1, 1e-12, 0);
    lathe_transforms_free(transforms);
}

static void what_is_not_affine_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        { "hflip,rand_augment",
            "rand_augment: is not for data with objects: its second warp can bring back" },
        { "one_of(hflip,sequence(vflip,rand_augment))", "rand_augment: is not for data with objects" },
        { "mixup", "mixup: is not for data with objects: objects of both pictures" },
        { "hflip,cutmix", "cutmix: is not for data with objects: what the rectangle leaves" },
        { "copy_paste", "copy_paste: is not for data with objects: it pastes classes" },
    };
    for (size_t n = 0; n < sizeof wrong / sizeof wrong[0]; n++) {
        lathe_transforms *transforms = lathe_transforms_parse(wrong[n][0]);
        assert_non_null(transforms);
        assert_int_equal(lathe_transforms_check_objects(transforms), LATHE_EARG);
        assert_non_null(strstr(lathe_error_message(), wrong[n][1]));
        lathe_error_clear();
        lists room;
        lathe_object_list list = fill(&room, 0);
        assert_int_equal(lathe_transforms_move(transforms, 0, 0, 0, HEIGHT, WIDTH, &list), LATHE_EARG);
        lathe_error_clear();
        lathe_transforms_free(transforms);
    }
    assert_int_equal(lathe_transforms_check_objects(NULL), LATHE_OK);
    lists room;
    lathe_object_list list = fill(&room, 0);
    assert_int_equal(lathe_transforms_move_still(NULL, HEIGHT, WIDTH, &list), LATHE_OK);
    assert_int_equal(list.count, OBJECTS);
}

/* Every transform there is either changes colours, or has a map, or is refused with a reason. */
static void every_transform_says_what_it_does(void **state)
{
    (void)state;
    for (int i = 0; lathe_transform_at(i); i++) {
        const lathe_transform_type *type = lathe_transform_at(i);
        int ways =
            type->pixels_only + (type->affine != NULL) + type->mixes_objects + (type->no_objects != NULL);
        if (ways != 1) fail_msg("%s says it in %d ways", type->name, ways);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boxes_move_as_pixels_do),
        cmocka_unit_test(still_moves_boxes_as_pixels),
        cmocka_unit_test(hidden_objects_are_left_out),
        cmocka_unit_test(what_is_cut_off_stays_off),
        cmocka_unit_test(what_is_not_affine_is_refused),
        cmocka_unit_test(every_transform_says_what_it_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
