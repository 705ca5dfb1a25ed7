#include "average.h"

#include <math.h>

void lathe_average_add(lathe_average *average, double value, double weight)
{
    if (!average) return;
    average->sum += weight * value;
    average->weight += weight;
}

double lathe_average_value(const lathe_average *average)
{
    if (!average) return NAN;
    return average->weight > 0 ? average->sum / average->weight : NAN;
}
