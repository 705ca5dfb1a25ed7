/* Private: the objects of a batch's images. */
#ifndef LATHE_DATA_LOADING_OBJECTS_IMPL_H
#define LATHE_DATA_LOADING_OBJECTS_IMPL_H

#include "../dataset.h"
#include "../transforms/transform.h"

/** Memory for the most objects that each image can have, so that no batch allocates more than the first. */
typedef struct lathe_object_room {
    size_t most, points_most; /* of a sample */
    size_t mixes;             /* the most samples in one image */
    size_t *first;            /* [images + 1], when gathered */
    size_t *count;            /* [images] */
    lathe_object *object;     /* [images, mixes, most] until gathered, then as in lathe_objects */
    double *visible;          /* [images, mixes, most] */
    size_t *first_point;      /* [images, mixes, most + 1]; NULL without points */
    lathe_point *point;       /* [images, mixes, points_most] */
    uint8_t *instances;       /* [images, area]; NULL without instance masks */
} lathe_object_room;

/**
 * Allocate for `images` images of `area` pixels; nothing if the data has no objects. Errors: LATHE_ENOMEM.
 */
lathe_status lathe_object_room_init(lathe_object_room *room, const lathe_dataset *data, size_t mixes,
    size_t images, size_t area);

void lathe_object_room_free(lathe_object_room *room);

/** An empty list in the memory of image `place`, for its sample number `k` of `mixes`. */
lathe_object_list lathe_object_room_list(const lathe_object_room *room, size_t place, size_t k);

/**
 * Copy the objects of sample `index` into the empty list. Boxes are clipped to the picture.
 * Errors   LATHE_EFORMAT for an illegal class, box or instance number, or more objects than objects_most
 */
lathe_status lathe_objects_copy(const lathe_dataset *data, size_t index, const lathe_sample *sample,
    lathe_object_list *list);

/** Join the lists of `images` images, whose lengths are room->count. */
lathe_objects lathe_objects_gather(lathe_object_room *room, size_t images);

#endif
