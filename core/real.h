/* The number type and the lane count of the whole library. */
#ifndef LATHE_CORE_REAL_H
#define LATHE_CORE_REAL_H

#ifndef LATHE_REAL
#define LATHE_REAL float
#endif

/** The type of every number in a tensor: float, or double in a build with LATHE_REAL=double. */
typedef LATHE_REAL lathe_real;

/** How many images a batched tensor interleaves: the innermost dimension of its storage. */
#define LATHE_LANES 16

#endif
