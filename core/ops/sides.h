/* The four sides of a picture. */
#ifndef LATHE_CORE_OPS_SIDES_H
#define LATHE_CORE_OPS_SIDES_H

/** Rows and columns at each side of a picture. */
typedef struct lathe_sides {
    int top, bottom, left, right;
} lathe_sides;

#endif
