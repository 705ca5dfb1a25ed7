/*
 * Files: the one layer that writes the library's files and reads them back. A file is replaced as a whole or
 * not at all. Every call is checked, and tests can make any call fail. Each failure names the path and the
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

/** Bytes to be written to a file. */
typedef struct lathe_bytes {
    const void *data;
    size_t size;
} lathe_bytes;

/**
 * Read the whole of a regular file. A 0 follows the bytes; *size does not count it. Free the result with
 * lathe_free. Directories, pipes and devices are refused without waiting.
 * limit    the largest size accepted, in bytes
 * Errors   LATHE_EIO; LATHE_EFORMAT if the file is larger than limit; LATHE_ENOMEM: returns NULL.
 */
void *lathe_file_read(const char *path, size_t limit, size_t *size);

/**
 * Write the parts one after the other as the file at `path`, atomically.
 *
 * A temporary file in the same folder is written, synced, closed and renamed to `path`; then the folder is
 * synced. At any moment `path` is the old file or the complete new file. After a failure the temporary file
 * is removed.
 *
 * A pipe, and what is no file under /dev (/dev/stdout, /dev/null), is written to instead.
 * Errors   LATHE_EIO, LATHE_ENOMEM.
 */
lathe_status lathe_file_write(const char *path, const lathe_bytes *parts, int count);

/** Write a text as the file at `path`, as lathe_file_write. */
lathe_status lathe_file_write_text(const char *path, const char *text);

/** Make a folder and its parent folders, and sync them; not an error if it exists. Errors: LATHE_EIO. */
lathe_status lathe_file_make_folder(const char *path);

/**
 * Make the folder "PARENT/PREFIX N" with the smallest N from 1 that is free, without the blank. Processes
 * that do this at once get folders of their own. `path` becomes its path.
 * Errors   LATHE_EIO; LATHE_EARG if the path is too long.
 */
lathe_status lathe_file_number_folder(const char *parent, const char *prefix, char *path, size_t size);

/** Returns true if something exists at `path`. */
bool lathe_file_exists(const char *path);

/** Remove a file; not an error if it does not exist. Errors: LATHE_EIO. */
lathe_status lathe_file_remove(const char *path);

/**
 * The numbers N of the files PREFIX N SUFFIX in a folder, in rising order. Free the result with lathe_free.
 * Errors   LATHE_EIO, LATHE_ENOMEM: returns NULL.
 */
uint64_t *lathe_file_numbers(const char *folder, const char *prefix, const char *suffix, size_t *count);

/** Remove the temporary files of killed processes in a folder: *.tmp.NUMBER. Errors: LATHE_EIO. */
lathe_status lathe_file_remove_stale(const char *folder);

/** Write "folder/name" into `path` [size bytes]. Errors: LATHE_EARG if it does not fit. */
lathe_status lathe_file_join(const char *folder, const char *name, char *path, size_t size);

/* ---- growing files ------------------------------------------------------------------------------------- */

/** A file that grows line by line, such as a log. Lines are buffered and written in blocks. */
typedef struct lathe_writer lathe_writer;

/**
 * Open `path` for writing at byte `position`. Bytes after `position` are cut off. With 0 a new file replaces
 * what is there.
 * Errors   LATHE_EIO, also if the file is shorter than position, or has another name (a hard link), whose
 *          bytes would change too; LATHE_ENOMEM: returns NULL.
 */
lathe_writer *lathe_writer_open(const char *path, uint64_t position);

/** Add a text. Errors: LATHE_EIO. After a failure every later call fails too. */
lathe_status lathe_writer_add(lathe_writer *writer, const char *text);

/** Add any bytes. Errors: as lathe_writer_add. */
lathe_status lathe_writer_add_bytes(lathe_writer *writer, const lathe_bytes *bytes);

/** Write the buffered bytes; with `sync`, also to the disk. Errors: LATHE_EIO. */
lathe_status lathe_writer_flush(lathe_writer *writer, bool sync);

/** Bytes in the file, with the buffered bytes. */
uint64_t lathe_writer_position(const lathe_writer *writer);

/**
 * The path, if what was written is not there any more: the file was removed, replaced, renamed or shortened.
 * Otherwise NULL.
 */
const char *lathe_writer_lost(const lathe_writer *writer);

/** Flush and close. NULL is fine. Errors: LATHE_EIO; the file is closed in any case. */
lathe_status lathe_writer_close(lathe_writer *writer);

/** Cut the file off at byte `position`, not after its end, and continue there. Errors: LATHE_EIO. */
lathe_status lathe_writer_cut(lathe_writer *writer, uint64_t position);

/* ---- one process at a time ----------------------------------------------------------------------------- */

/**
 * A lock that is held: a file with the process's number. It is gone when the lock is given or the process
 * ends.
 */
typedef struct lathe_lock lathe_lock;

/**
 * Take the lock at `path`. The lock's file is made if it does not exist; a link is refused.
 * Errors   LATHE_ESTATE, naming the process, if a process holds the lock; LATHE_EIO, LATHE_ENOMEM: returns
 *          NULL.
 */
lathe_lock *lathe_lock_take(const char *path);

/** Give the lock back and remove its file. NULL is fine. */
void lathe_lock_give(lathe_lock *lock);

/* ---- for tests ----------------------------------------------------------------------------------------- */

/** How a call fails. */
typedef enum lathe_fault_kind {
    LATHE_FAULT_ERROR,     /* the call fails with `error` */
    LATHE_FAULT_SHORT,     /* write and read transfer one byte; other calls work. This is not an error */
    LATHE_FAULT_END,       /* the process ends before the call */
    LATHE_FAULT_END_AFTER, /* the process ends after the call */
    LATHE_FAULT_TORN,      /* write transfers half of its bytes, then the process ends */
    LATHE_FAULT_DROP /* the process ends before the call, and unsynced bytes are lost, as in a power cut */
} lathe_fault_kind;

/** Ends the process: the library itself never does. */
typedef void lathe_end_fn(void);

typedef struct lathe_fault {
    lathe_fault_kind kind;
    int error;         /* an errno */
    bool persistent;   /* all later calls fail too */
    lathe_end_fn *end; /* for the kinds that end the process */
} lathe_fault;

/**
 * Make call number `nth` from now on fail (1: the next call). open, read, write, fsync, close, rename,
 * unlink, mkdir and ftruncate count. 0 and NULL switch this off. It holds for the whole process.
 * Returns  the number of calls since the last lathe_file_fail_at.
 */
size_t lathe_file_fail_at(size_t nth, const lathe_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
