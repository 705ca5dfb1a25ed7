/*
 * Files: the one layer through which the library writes, and reads what it wrote. A file is replaced whole or
 * not at all, every call is checked, and tests can let any of them fail. Each failure names the path and the
 * reason.
 */
#ifndef LATHE_IO_FILE_H
#define LATHE_IO_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Some bytes of a file to be written. */
typedef struct lathe_bytes {
    const void *data;
    size_t size;
} lathe_bytes;

/**
 * The whole of a regular file, followed by a 0 that *size does not count; to be given to lathe_free.
 * Directories, pipes and devices are refused without waiting for them. `limit`: the most bytes taken.
 * Errors   LATHE_EIO; LATHE_EFORMAT if it is larger than limit; LATHE_ENOMEM: returns NULL.
 */
void *lathe_file_read(const char *path, size_t limit, size_t *size);

/**
 * Write the parts one after the other as the file at `path`, atomically: into a temporary file in the same
 * folder, which is synced, closed and then renamed to `path`, and the folder synced. Whatever happens, `path`
 * is what it was or all of the new; after a failure the temporary file is gone.
 * Errors   LATHE_EIO, LATHE_ENOMEM.
 */
lathe_status lathe_file_write(const char *path, const lathe_bytes *parts, int count);

/** The same for a text. */
lathe_status lathe_file_write_text(const char *path, const char *text);

/** Make a folder and those above it; fine if it is there. Errors: LATHE_EIO. */
lathe_status lathe_file_make_folder(const char *path);

/** True if there is something at `path`. */
bool lathe_file_exists(const char *path);

/** Remove a file; fine if it is not there. Errors: LATHE_EIO. */
lathe_status lathe_file_remove(const char *path);

/** Numbers N of the files PREFIXN SUFFIX in a folder, ascending, to be given to lathe_free. Errors:
 * LATHE_EIO, LATHE_ENOMEM: NULL. */
uint64_t *lathe_file_numbers(const char *folder, const char *prefix, const char *suffix, size_t *count);

/** Remove what writes of a killed process have left in a folder: files named *.tmp.NUMBER. Errors: LATHE_EIO.
 */
lathe_status lathe_file_remove_stale(const char *folder);

/** "folder/name" into `path`, which has `size` bytes. Errors: LATHE_EARG if it does not fit. */
lathe_status lathe_file_join(const char *folder, const char *name, char *path, size_t size);

/* ---- growing files ------------------------------------------------------------------------------------- */

/** A file that grows line by line, such as a log. Lines are gathered and written when there are enough of
 * them. */
typedef struct lathe_writer lathe_writer;

/**
 * Open `path` for writing at byte `position`: what follows is cut off, so 0 begins anew. Errors: LATHE_EIO,
 * also if the file is shorter than position; LATHE_ENOMEM: returns NULL.
 */
lathe_writer *lathe_writer_open(const char *path, uint64_t position);

/** Add a text. Errors: LATHE_EIO. After a failure every later call fails as well. */
lathe_status lathe_writer_add(lathe_writer *writer, const char *text);

/** Add any bytes. Errors: as lathe_writer_add. */
lathe_status lathe_writer_add_bytes(lathe_writer *writer, const lathe_bytes *bytes);

/** Write out what was gathered; with `sync`, down to the disk. Errors: LATHE_EIO. */
lathe_status lathe_writer_flush(lathe_writer *writer, bool sync);

/** Bytes in the file, with those gathered. */
uint64_t lathe_writer_position(const lathe_writer *writer);

/** Flush and close. NULL is fine. Errors: LATHE_EIO; closed all the same. */
lathe_status lathe_writer_close(lathe_writer *writer);

/** Cut the file off at byte `position`, which is no later than its end, and go on there. Errors: LATHE_EIO.
 */
lathe_status lathe_writer_cut(lathe_writer *writer, uint64_t position);

/* ---- one process at a time ----------------------------------------------------------------------------- */

/** A lock that is held: a file with the number of the process, gone when it is given back or the process
 * ends. */
typedef struct lathe_lock lathe_lock;

/**
 * Take the lock at `path`, a file that is made for it. Errors: LATHE_ESTATE if a process has it, naming that;
 * LATHE_EIO, LATHE_ENOMEM: returns NULL.
 */
lathe_lock *lathe_lock_take(const char *path);

/** Give it back and remove its file. NULL is fine. */
void lathe_lock_give(lathe_lock *lock);

/* ---- for tests ----------------------------------------------------------------------------------------- */

/** How a call is made to go wrong. */
typedef enum lathe_fault_kind {
    LATHE_FAULT_ERROR, /* it fails with `error` */
    LATHE_FAULT_SHORT, /* write and read do one byte; other calls work. Not an error: the rest must follow */
    LATHE_FAULT_END,   /* the process ends before the call */
    LATHE_FAULT_END_AFTER, /* the process ends after it */
    LATHE_FAULT_TORN,      /* write does half of it, then the process ends */
    LATHE_FAULT_DROP /* it ends before the call, and with it goes all that was not synced, as when the power
                        fails */
} lathe_fault_kind;

/** Ends the process: the library itself never does. */
typedef void lathe_end_fn(void);

typedef struct lathe_fault {
    lathe_fault_kind kind;
    int error;         /* an errno */
    bool persistent;   /* all calls after it go wrong as well */
    lathe_end_fn *end; /* for the kinds that end the process */
} lathe_fault;

/**
 * Let call number `nth` from now (1 is the next; open, read, write, fsync, close, rename, unlink, mkdir,
 * ftruncate count) go wrong. 0 and NULL switch it off. Returns how many calls were made since the last time.
 * For the whole process.
 */
size_t lathe_file_fail_at(size_t nth, const lathe_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
