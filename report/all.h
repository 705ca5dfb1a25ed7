/* Every public header of report/: charts and pages. */
#ifndef LATHE_REPORT_ALL_H
#define LATHE_REPORT_ALL_H

#include "chart.h"
#include "page.h"

#endif
