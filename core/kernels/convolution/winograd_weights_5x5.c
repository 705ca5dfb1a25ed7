#include "winograd_5x5_weights.h"
#include "winograd_weights.h"
