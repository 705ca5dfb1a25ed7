#include "winograd_3x3.h"
#include "winograd_weights.h"
