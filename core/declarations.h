/* The public headers as text, for programs that call the library without a C compiler. */
#ifndef LATHE_CORE_DECLARATIONS_H
#define LATHE_CORE_DECLARATIONS_H

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The text of all public headers, without comments, after the build's "#define LATHE_REAL float" (or double)
 * and "#define LATHE_THREADS posix" (or none).
 *
 * A binding reads structs, enums and prototypes from it, so that it fits this library by construction.
 * python/lathe.py is one.
 * Memory   belongs to the library.
 */
const char *lathe_declarations(void);

#ifdef __cplusplus
}
#endif
#endif
