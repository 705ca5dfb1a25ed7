/* Included before every file that tools/analyze looks at: analyzers are told that a failure's status is the
 * one given, never LATHE_OK. */
#include "../core/status.h"
#define lathe_fail(status, ...) ((lathe_fail)(status, __VA_ARGS__), (status))
