/*
 * Included in every file that tools/analyze checks: it tells analyzers that a failure's status is never
 * LATHE_OK.
 */
#include "../core/status.h"
#define lathe_fail(status, ...) ((lathe_fail)(status, __VA_ARGS__), (status))
