/* Private: pixels beyond the edge of a picture. */
#ifndef LATHE_DATA_TRANSFORMS_BORDER_IMPL_H
#define LATHE_DATA_TRANSFORMS_BORDER_IMPL_H

/** The pixels beyond the edges of a row a b c d: */
typedef enum lathe_border {
    LATHE_BORDER_CONSTANT,    /* f f f | a b c d | f f f, a fill value */
    LATHE_BORDER_REPLICATE,   /* a a a | a b c d | d d d */
    LATHE_BORDER_REFLECT,     /* c b a | a b c d | d c b */
    LATHE_BORDER_REFLECT_101, /* d c b | a b c d | c b a */
    LATHE_BORDER_WRAP         /* b c d | a b c d | a b c */
} lathe_border;

/** The names, ended by NULL, as OpenCV's cv2.BORDER_* in small letters. */
extern const char *const lathe_border_names[];

/** The index (of `count`) of the pixel for `place`, which may be outside; -1 for the fill value. */
int lathe_border_place(lathe_border border, int place, int count);

#endif
