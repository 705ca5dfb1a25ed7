/*
 * Moving boxes and points as pixels are moved. A map of pixels counts from the centre of the first pixel,
 * objects count from its corner: hence the halves.
 */
#include <math.h>
#include <string.h>

#include "transform_impl.h"

/* Set the object's box to the part of `box` inside `window`, and *visible to what is left of the object. */
static void settle(lathe_object *object, double *visible, const double box[4], const double window[4])
{
    double x0 = fmin(fmax(box[0], window[0]), window[2]), x1 = fmin(fmax(box[2], window[0]), window[2]);
    double y0 = fmin(fmax(box[1], window[1]), window[3]), y1 = fmin(fmax(box[3], window[1]), window[3]);
    double area = (box[2] - box[0]) * (box[3] - box[1]);
    *visible *= area > 0 ? (x1 - x0) * (y1 - y0) / area : 0;
    object->x0 = (float)x0, object->x1 = (float)x1;
    object->y0 = (float)y0, object->y1 = (float)y1;
}

static void move_point(const double m[6], double x, double y, double *to_x, double *to_y)
{
    x -= 0.5, y -= 0.5;
    *to_x = m[0] * x + m[1] * y + m[2] + 0.5;
    *to_y = m[3] * x + m[4] * y + m[5] + 0.5;
}

void lathe_objects_map(lathe_object_list *objects, const double m[6], int height, int width)
{
    const double window[4] = { 0, 0, width, height };
    for (size_t i = 0; i < objects->count; i++) {
        lathe_object *object = &objects->object[i];
        double box[4] = { HUGE_VAL, HUGE_VAL, -HUGE_VAL, -HUGE_VAL };
        /* Unrolled, or the vectorizer of gcc 12 for aarch64 fails. */
#pragma GCC unroll 4
        for (int corner = 0; corner < 4; corner++) {
            double x, y;
            move_point(m, corner & 1 ? object->x1 : object->x0, corner & 2 ? object->y1 : object->y0, &x, &y);
            box[0] = fmin(box[0], x), box[2] = fmax(box[2], x);
            box[1] = fmin(box[1], y), box[3] = fmax(box[3], y);
        }
        settle(object, &objects->visible[i], box, window);
    }
    for (size_t i = 0; objects->first_point && i < objects->first_point[objects->count]; i++) {
        double x, y;
        move_point(m, objects->point[i].x, objects->point[i].y, &x, &y);
        objects->point[i] = (lathe_point){ (float)x, (float)y };
    }
}

void lathe_objects_clip(lathe_object_list *objects, int left, int top, int right, int bottom)
{
    const double window[4] = { left, top, right, bottom };
    for (size_t i = 0; i < objects->count; i++) {
        lathe_object *object = &objects->object[i];
        settle(object, &objects->visible[i], (double[4]){ object->x0, object->y0, object->x1, object->y1 },
            window);
    }
}

/* Object `from` of *source becomes number *count of *objects, which is not behind it. */
static void take(lathe_object_list *objects, const lathe_object_list *source, size_t from)
{
    size_t to = objects->count++;
    objects->object[to] = source->object[from];
    objects->visible[to] = source->visible[from];
    if (!objects->first_point) return;
    size_t begin = source->first_point[from], points = source->first_point[from + 1] - begin;
    memmove(objects->point + objects->first_point[to], source->point + begin, points * sizeof(lathe_point));
    objects->first_point[to + 1] = objects->first_point[to] + points;
}

void lathe_objects_drop(lathe_object_list *objects)
{
    const lathe_object_list all = *objects;
    double least = objects->min_visible > 0 ? objects->min_visible : 0.1;
    objects->count = 0;
    for (size_t i = 0; i < all.count; i++) {
        const lathe_object *object = &all.object[i];
        if (object->x1 > object->x0 && object->y1 > object->y0 && all.visible[i] >= least)
            take(objects, &all, i);
    }
}

void lathe_objects_append(lathe_object_list *objects, const lathe_object_list *more)
{
    for (size_t i = 0; i < more->count; i++) take(objects, more, i);
}

int lathe_objects_number(lathe_object_list *objects, int from, uint8_t table[256])
{
    memset(table, 0, 256);
    for (size_t i = 0; i < objects->count; i++) {
        lathe_object *object = &objects->object[i];
        if (!object->instance) continue;
        int number = from <= UINT8_MAX ? from : 0;
        table[object->instance] = (uint8_t)number;
        object->instance = number;
        from++;
    }
    return from;
}
