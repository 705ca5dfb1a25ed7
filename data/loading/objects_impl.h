/* Private: the objects of a batch's images. */
#ifndef LATHE_DATA_LOADING_OBJECTS_IMPL_H
#define LATHE_DATA_LOADING_OBJECTS_IMPL_H

#include "../dataset.h"
#include "../transforms/transform.h"

/** Room for the most objects that each image can have, so that no batch needs more memory than the first. */
typedef struct lathe_object_room {
    size_t most, points_most; /* of a sample */
    size_t mixes;             /* samples that one image may be made of */
    size_t *first;            /* [images + 1], when gathered */
    size_t *count;            /* [images] */
    lathe_object *object;     /* [images, mixes, most] until gathered, then as in lathe_objects */
    double *visible;          /* [images, mixes, most] */
    size_t *first_point;      /* [images, mixes, most + 1]; NULL where there are no points */
    lathe_point *point;       /* [images, mixes, points_most] */
    uint8_t *instances;       /* [images, area]; NULL where the data has no instance masks */
} lathe_object_room;

/** Room for `images` images of `area` pixels. No room if the data has no objects. Errors: LATHE_ENOMEM. */
lathe_status lathe_object_room_init(lathe_object_room *room, const lathe_dataset *data, size_t mixes,
    size_t images, size_t area);

void lathe_object_room_free(lathe_object_room *room);

/** An empty list in the room of image `place`, for its sample number `k` of `mixes`. */
lathe_object_list lathe_object_room_list(const lathe_object_room *room, size_t place, size_t k);

/**
 * Copy the objects of sample `index` into the empty list, boxes cut off at the picture's edge. Errors:
 * LATHE_EFORMAT: a class, box or instance number that cannot be, more objects than objects_most.
 */
lathe_status lathe_objects_copy(const lathe_dataset *data, size_t index, const lathe_sample *sample,
    lathe_object_list *list);

/** Move the lists of `images` images, whose lengths are room->count, together. */
lathe_objects lathe_objects_gather(lathe_object_room *room, size_t images);

#endif
