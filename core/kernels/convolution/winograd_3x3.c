#include "winograd_3x3.h"
#include "winograd_correlate.h"
