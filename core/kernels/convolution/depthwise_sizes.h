/* The tiles of one step. */
#define PIXELS 1
#include "depthwise_tile.h"
#define PIXELS 2
#include "depthwise_tile.h"
#if REGISTER_FILE >= 512
#define PIXELS 4
#include "depthwise_tile.h"
#endif
#if REGISTER_FILE == 2048
#define PIXELS 8
#include "depthwise_tile.h"
#define PIXELS 16
#include "depthwise_tile.h"
#endif

#undef STEP
