#include "job.h"

#include <string.h>

#include "../text.h"

cli_job *cli_job_new(void)
{
    cli_job *job = lathe_alloc(1, sizeof *job);
    if (!job) return NULL;
    job->top = 5;
    job->masks = true;
    return job;
}

void cli_job_free(cli_job *job)
{
    if (!job) return;
    for (int i = 0; i < job->shots; i++) lathe_free(job->shot[i].file.data);
    lathe_free(job->shot);
    lathe_free(job->probabilities);
    lathe_free(job->mask);
    lathe_free(job);
}

cli_shot *cli_job_add(cli_job *job, const char *name)
{
    if (job->shots == CLI_JOB_PICTURES) return NULL;
    cli_shot *longer = lathe_grow(job->shot, (size_t)job->shots, (size_t)job->shots + 1, sizeof *longer);
    if (!longer) return NULL;
    job->shot = longer;
    cli_shot *shot = &longer[job->shots++];
    memset(shot, 0, sizeof *shot);
    if (name) cli_printable(name, shot->name, sizeof shot->name);
    return shot;
}

lathe_status cli_bytes_add(cli_bytes *bytes, const void *data, size_t size)
{
    const size_t needed = lathe_plus(bytes->size, size);
    if (needed > bytes->room) {
        size_t room = bytes->room ? bytes->room : 4096;
        while (room < needed && room <= SIZE_MAX / 2) room *= 2;
        if (room < needed) return LATHE_ENOMEM;
        uint8_t *longer = lathe_grow(bytes->data, bytes->room, room, 1);
        if (!longer) return LATHE_ENOMEM;
        bytes->data = longer;
        bytes->room = room;
    }
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size = needed;
    return LATHE_OK;
}
