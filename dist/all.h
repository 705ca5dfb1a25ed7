/* Several machines. */
#ifndef LATHE_DIST_ALL_H
#define LATHE_DIST_ALL_H

#include "dist.h"

#endif
