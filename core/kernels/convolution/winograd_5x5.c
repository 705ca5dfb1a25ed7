#include "winograd_5x5.h"
#include "winograd_correlate.h"
