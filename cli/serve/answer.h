/* What the server says, as JSON. */
#ifndef LATHE_CLI_SERVE_ANSWER_H
#define LATHE_CLI_SERVE_ANSWER_H

#include "job.h"

/**
 * The answer to a job whose pictures are answered.
 *
 * One picture       {"model": ..., "weights": ..., "ms": {...}, "predictions": [...]}
 * Several pictures  the same with "pictures": [{"file": ..., "predictions": [...]}, ...]
 * Instances         the same with "predictions": [{"predictions": [...]}, ...]
 *
 * Returns the HTTP status: that of the failure if no picture could be answered.
 */
unsigned cli_answer_job(const lathe_trained *trained, const cli_job *job, bool instances, lathe_text *out);

/** {"error": "..."}. */
void cli_answer_error(const char *why, lathe_text *out);

/** The model: its input, its classes, and what it was trained with. */
void cli_answer_model(const lathe_trained *trained, const char *batches, lathe_text *out);

#endif
