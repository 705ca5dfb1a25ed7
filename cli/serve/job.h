/* One request for predictions: its pictures on their way through the server. */
#ifndef LATHE_CLI_SERVE_JOB_H
#define LATHE_CLI_SERVE_JOB_H

#include <lathe/lathe.h>

/** The most pictures of a request, and the most findings of a picture. */
enum { CLI_JOB_PICTURES = 64, CLI_JOB_TOP = 1000 };

/** Bytes that grow. */
typedef struct cli_bytes {
    uint8_t *data;
    size_t size, room;
} cli_bytes;

/** One picture of a request. */
typedef struct cli_shot {
    cli_bytes file;
    char name[96];       /* of the file in a form; "" for others */
    lathe_status status; /* of preparing or predicting it */
    char why[LATHE_MESSAGE_SIZE];
    double *probabilities; /* [classes], in the job's room; NULL after a failure */
    uint8_t *mask;         /* [height, width] of the task, in the job's room; NULL: not wanted */
} cli_shot;

typedef struct cli_job cli_job;

/** A request. Its owner frees it after `done`. */
struct cli_job {
    cli_job *next;  /* in the queue */
    cli_shot *shot; /* [shots] */
    int shots;
    int top;           /* findings wanted of each picture */
    double confidence; /* leave out findings below it */
    bool masks;
    double *probabilities; /* room of all pictures together */
    uint8_t *mask;
    double received, begun;       /* in cli_seconds */
    double preparing, predicting; /* seconds, with all pictures that were answered together */
    void (*done)(cli_job *job);   /* called by the worker's thread */
    void *context;                /* of done */
};

/** An empty job. Errors: LATHE_ENOMEM: returns NULL. */
cli_job *cli_job_new(void);

/** Free the job with its pictures. NULL is fine. */
void cli_job_free(cli_job *job);

/** Another picture of the job; NULL after CLI_JOB_PICTURES, or without memory. */
cli_shot *cli_job_add(cli_job *job, const char *name);

/** Append bytes. Errors: LATHE_ENOMEM. */
lathe_status cli_bytes_add(cli_bytes *bytes, const void *data, size_t size);

#endif
