/* What the server measures, for GET /metrics. Any thread may call these functions. */
#ifndef LATHE_CLI_SERVE_METER_H
#define LATHE_CLI_SERVE_METER_H

#include "job.h"

typedef struct cli_meter cli_meter;

/** Returns NULL without memory. `routes` are the names of request kinds, ended by NULL; they must stay. */
cli_meter *cli_meter_new(const lathe_trained *trained, const char *const *routes);

/** Free it. NULL is fine. */
void cli_meter_free(cli_meter *meter);

/** Count a request: the index of its route, its HTTP status, and the seconds from its begin to its answer. */
void cli_meter_request(cli_meter *meter, int route, unsigned status, double seconds);

/** Count the pictures of a job, and which classes they were given: told of a worker. */
void cli_meter_job(void *meter, const cli_job *job);

/** What changes from moment to moment. */
typedef struct cli_meter_now {
    int waiting, connections;
    size_t bytes; /* of bodies in memory */
    bool ready;
} cli_meter_now;

/** Write all of it in Prometheus's text form. */
void cli_meter_text(cli_meter *meter, cli_meter_now now, lathe_text *out);

/** Requests for predictions, those of them that failed, and pictures that were answered. */
void cli_meter_totals(cli_meter *meter, uint64_t *requests, uint64_t *failed, uint64_t *pictures);

#endif
