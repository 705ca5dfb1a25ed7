#include "objects_impl.h"

#include <math.h>
#include <string.h>

#include "../../core/alloc.h"

lathe_status lathe_object_room_init(lathe_object_room *room, const lathe_dataset *data, size_t mixes,
    size_t images, size_t area)
{
    size_t most = data->objects_most, points = data->points_most;
    *room = (lathe_object_room){ .most = most, .points_most = points, .mixes = mixes };
    if (!most) return LATHE_OK;
    size_t parts = images * mixes; /* at most 2^20 * 4 */
    room->first = lathe_alloc(images + 1, sizeof *room->first);
    room->count = lathe_alloc(images, sizeof *room->count);
    room->object = lathe_alloc_raw(lathe_times(parts, most), sizeof *room->object);
    room->visible = lathe_alloc_raw(lathe_times(parts, most), sizeof *room->visible);
    bool good = room->first && room->count && room->object && room->visible;
    if (good && points) {
        room->first_point = lathe_alloc(lathe_times(parts, most + 1), sizeof *room->first_point);
        room->point = lathe_alloc_raw(lathe_times(parts, points), sizeof *room->point);
        good = room->first_point && room->point;
    }
    if (good && data->instance_masks) {
        room->instances = lathe_alloc(images, area);
        good = room->instances != NULL;
    }
    return good ? LATHE_OK : LATHE_ENOMEM;
}

void lathe_object_room_free(lathe_object_room *room)
{
    lathe_free(room->first);
    lathe_free(room->count);
    lathe_free(room->object);
    lathe_free(room->visible);
    lathe_free(room->first_point);
    lathe_free(room->point);
    lathe_free(room->instances);
}

lathe_object_list lathe_object_room_list(const lathe_object_room *room, size_t place, size_t k)
{
    size_t part = place * room->mixes + k;
    if (!room->most) return (lathe_object_list){ 0 };
    lathe_object_list list = { .object = room->object + part * room->most,
        .visible = room->visible + part * room->most };
    if (!room->point) return list;
    list.first_point = room->first_point + part * (room->most + 1);
    list.first_point[0] = 0;
    list.point = room->point + part * room->points_most;
    return list;
}

/* Why the object cannot be; NULL: it can. */
static const char *fault(const lathe_dataset *data, const lathe_object *object)
{
    if (object->label < 0 || object->label >= data->classes)
        return "its class is not a class of the data set";
    if (object->instance < 0 || object->instance > UINT8_MAX) return "its instance number is not 0 to 255";
    if (!isfinite(object->x0) || !isfinite(object->y0) || !isfinite(object->x1) || !isfinite(object->y1))
        return "its box has a number that is not finite";
    if (object->x0 >= object->x1 || object->y0 >= object->y1) return "its box is empty";
    if (object->x1 <= 0 || object->y1 <= 0 || object->x0 >= (float)data->width ||
        object->y0 >= (float)data->height)
        return "its box lies outside the picture";
    return NULL;
}

static lathe_status check_object(const lathe_dataset *data, size_t index, size_t number,
    const lathe_object *object, bool taken[256])
{
    const char *why = fault(data, object);
    if (!why && object->instance && taken[object->instance]) why = "another object has its instance number";
    if (!why) taken[object->instance] = true;
    char name[LATHE_SAMPLE_NAME];
    return why ? lathe_fail(LATHE_EFORMAT, "%s: object %zu (class %d, instance %d, box %g %g %g %g): %s",
                     lathe_data_sample_name(data, index, name), number, object->label, object->instance,
                     (double)object->x0, (double)object->y0, (double)object->x1, (double)object->y1, why) :
                 LATHE_OK;
}

/* The points of all objects, which lie one after the other. */
static lathe_status copy_points(const lathe_dataset *data, size_t index, const lathe_objects *from,
    lathe_object_list *list)
{
    const size_t *first = from->first_point + from->first[0];
    char name[LATHE_SAMPLE_NAME];
    for (size_t i = 0; i < list->count; i++)
        if (first[i] > first[i + 1] || first[i + 1] - first[0] > data->points_most)
            return lathe_fail(LATHE_EFORMAT, "%s: points %zu to %zu of object %zu; points_most is %zu",
                lathe_data_sample_name(data, index, name), first[i], first[i + 1], i, data->points_most);
    for (size_t i = 0; i <= list->count; i++) list->first_point[i] = first[i] - first[0];
    const lathe_point *point = from->point + first[0];
    for (size_t i = 0; i < list->first_point[list->count]; i++) {
        if (!isfinite(point[i].x) || !isfinite(point[i].y))
            return lathe_fail(LATHE_EFORMAT, "%s: point %zu is (%g, %g)",
                lathe_data_sample_name(data, index, name), i, (double)point[i].x, (double)point[i].y);
        list->point[i] = point[i];
    }
    return LATHE_OK;
}

lathe_status lathe_objects_copy(const lathe_dataset *data, size_t index, const lathe_sample *sample,
    lathe_object_list *list)
{
    const lathe_objects *from = &sample->objects;
    char name[LATHE_SAMPLE_NAME];
    bool taken[256] = { false };
    size_t count = from->first ? from->first[1] - from->first[0] : 0;
    if (count > data->objects_most)
        return lathe_fail(LATHE_EFORMAT, "%s: %zu objects; objects_most is %zu",
            lathe_data_sample_name(data, index, name), count, data->objects_most);
    for (size_t i = 0; i < count; i++) {
        lathe_object *object = &list->object[i];
        *object = from->object[from->first[0] + i];
        lathe_status status = check_object(data, index, i, object, taken);
        if (status) return status;
        object->x0 = fmaxf(object->x0, 0), object->x1 = fminf(object->x1, (float)data->width);
        object->y0 = fmaxf(object->y0, 0), object->y1 = fminf(object->y1, (float)data->height);
        list->visible[i] = 1;
    }
    list->count = count;
    return list->point && count && from->first_point ? copy_points(data, index, from, list) : LATHE_OK;
}

/* What is moved lies behind the place where it goes, so that one array is enough. */
lathe_objects lathe_objects_gather(lathe_object_room *room, size_t images)
{
    if (!room->most) return (lathe_objects){ 0 };
    size_t points = 0;
    room->first[0] = 0;
    for (size_t b = 0; b < images; b++) {
        const lathe_object_list list = {
            .object = room->object + b * room->mixes * room->most,
            .first_point = room->point ? room->first_point + b * room->mixes * (room->most + 1) : NULL,
            .point = room->point ? room->point + b * room->mixes * room->points_most : NULL,
        };
        size_t begin = room->first[b], count = room->count[b];
        room->first[b + 1] = begin + count;
        memmove(room->object + begin, list.object, count * sizeof *list.object);
        if (!room->point) continue;
        size_t own = list.first_point[count];
        for (size_t i = 0; i < count; i++) room->first_point[begin + i] = points + list.first_point[i];
        memmove(room->point + points, list.point, own * sizeof *list.point);
        points += own;
    }
    if (room->point) room->first_point[room->first[images]] = points;
    return (lathe_objects){ room->first, room->object, room->first_point, room->point, room->instances };
}
