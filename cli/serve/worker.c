#include "worker.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "../command.h"

/* Sizes of batches: a plan keeps the last three. */
enum { SIZES = 3, MOST = 64 };
/* Bytes of prepared pictures at a time, if one is not larger. */
static const size_t room_for = (size_t)1 << 26;
static const int sizes[SIZES] = { 1, 16, MOST };
/* Seconds for one picture above which larger batches are not tried: they gain nothing on large pictures. */
static const double slow = 0.02;
/* Seconds for measuring a size of batches. */
static const double trial = 0.1;

struct cli_worker {
    const lathe_trained *trained;
    size_t max_pixels;
    void (*told)(void *context, const cli_job *job);
    void *context;
    double cost[SIZES]; /* seconds of a batch; 0: this size is not used */
    char batches[32];
    pthread_t thread;
    bool running;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t work;
    cli_job *first, *last;
    int waiting;
    bool ending;
    /* Of the thread alone. */
    int most;                                /* pictures that are prepared at a time, at most MOST */
    cli_shot *shot[MOST + CLI_JOB_PICTURES]; /* of the jobs at hand */
    cli_shot **round;                        /* those of them that are prepared now */
    uint8_t *prepared;                       /* [2 * most] pictures: a batch reads beyond those asked for */
    double *probabilities;                   /* [most, classes] */
    uint8_t *masks;                          /* [most, answers]; NULL without masks */
};

/* ---- pictures ------------------------------------------------------------------------------------------ */

static uint8_t *prepared_at(const cli_worker *worker, int index)
{
    return worker->prepared + (size_t)index * lathe_trained_bytes(worker->trained);
}

static void fail(cli_shot *shot, lathe_status status)
{
    shot->status = status;
    snprintf(shot->why, sizeof shot->why, "%s", lathe_error_message());
    lathe_error_clear();
}

static void prepare(void *context, int index)
{
    const cli_worker *worker = context;
    cli_shot *shot = worker->round[index];
    bool held = lathe_error_hold(true);
    lathe_status status = shot->file.size ?
        lathe_trained_picture(worker->trained, shot->file.data, shot->file.size, worker->max_pixels,
            prepared_at(worker, index)) :
        lathe_fail(LATHE_EFORMAT, "picture: has 0 bytes");
    if (status) fail(shot, status);
    lathe_error_hold(held);
}

/* The size of the next batch for `left` pictures: the cheapest for each picture that it answers. */
static int choose_size(const cli_worker *worker, int left)
{
    int best = 0;
    double least = worker->cost[0];
    for (int i = 1; i < SIZES; i++) {
        const double each = worker->cost[i] / (left < sizes[i] ? left : sizes[i]);
        if (worker->cost[i] > 0 && each < least) {
            best = i;
            least = each;
        }
    }
    return best;
}

/* A batch of `size` pictures, of which `count` are asked for; what lies behind them is answered in vain. */
static lathe_status predict(cli_worker *worker, int first, int size, int count, bool masks)
{
    lathe_dataset *data = lathe_trained_prepared(worker->trained, prepared_at(worker, first), (size_t)size);
    lathe_status status = data ?
        lathe_trained_predict(worker->trained, data,
            &(lathe_predict_opts){ .batch_size = size, .masks = masks ? worker->masks : NULL },
            worker->probabilities) :
        lathe_error();
    lathe_data_free(data);
    const size_t classes = (size_t)worker->trained->data.classes, area = worker->trained->task->answers;
    for (int i = 0; i < count; i++) {
        cli_shot *shot = worker->round[first + i];
        if (status) {
            shot->status = status;
            snprintf(shot->why, sizeof shot->why, "%s", lathe_error_message());
            continue;
        }
        memcpy(shot->probabilities, worker->probabilities + (size_t)i * classes, classes * sizeof(double));
        if (shot->mask) memcpy(shot->mask, worker->masks + (size_t)i * area, area);
    }
    if (count) lathe_error_clear();
    return status;
}

/* Move the good pictures together. Returns their number. */
static int compact(cli_worker *worker, int shots)
{
    int good = 0;
    for (int i = 0; i < shots; i++) {
        if (worker->round[i]->status) continue;
        if (good != i)
            memcpy(prepared_at(worker, good), prepared_at(worker, i), lathe_trained_bytes(worker->trained));
        worker->round[good++] = worker->round[i];
    }
    return good;
}

/* ---- jobs ---------------------------------------------------------------------------------------------- */

/* Room for the answers of a job. */
static lathe_status reserve(const cli_worker *worker, cli_job *job)
{
    const size_t classes = (size_t)worker->trained->data.classes, area = worker->trained->task->answers;
    const size_t shots = (size_t)job->shots;
    const bool masks = job->masks && worker->masks;
    job->probabilities = lathe_alloc_raw(lathe_times(shots, classes), sizeof *job->probabilities);
    job->mask = masks ? lathe_alloc_raw(shots, area) : NULL;
    if (!job->probabilities || (masks && !job->mask)) return LATHE_ENOMEM;
    for (size_t i = 0; i < shots; i++) {
        job->shot[i].probabilities = job->probabilities + i * classes;
        if (masks) job->shot[i].mask = job->mask + i * area;
    }
    return LATHE_OK;
}

/* Prepare and predict the pictures of a round, and add up the seconds. */
static void answer_round(cli_worker *worker, int shots, bool masks, double *preparing, double *predicting)
{
    const double began = cli_seconds();
    lathe_parallel(NULL, shots, prepare, worker);
    const double prepared = cli_seconds();
    const int good = compact(worker, shots);
    for (int first = 0, size; first < good; first += size) {
        size = sizes[choose_size(worker, good - first)];
        predict(worker, first, size, good - first < size ? good - first : size, masks);
    }
    *preparing += prepared - began;
    *predicting += cli_seconds() - prepared;
}

/* Answer the pictures of a list of jobs. */
static void answer(cli_worker *worker, cli_job *jobs)
{
    int shots = 0;
    bool masks = false;
    const double begun = cli_seconds();
    for (cli_job *job = jobs; job; job = job->next) {
        lathe_status status = reserve(worker, job);
        job->begun = begun;
        masks = masks || job->mask;
        for (int i = 0; i < job->shots; i++) {
            if (status) fail(&job->shot[i], status);
            else worker->shot[shots++] = &job->shot[i];
        }
    }
    double preparing = 0, predicting = 0;
    for (int first = 0; first < shots; first += worker->most) {
        const int left = shots - first;
        worker->round = worker->shot + first;
        answer_round(worker, left < worker->most ? left : worker->most, masks, &preparing, &predicting);
    }
    for (cli_job *job = jobs, *next; job; job = next) {
        next = job->next;
        job->preparing = preparing;
        job->predicting = predicting;
        if (worker->told) worker->told(worker->context, job);
        pthread_mutex_lock(&worker->lock);
        worker->waiting -= job->shots;
        pthread_mutex_unlock(&worker->lock);
        job->done(job); /* the job is no longer ours */
    }
}

/* Take jobs from the queue, of MOST pictures and the rest of a job. Waits for one; NULL at the end. */
static cli_job *take(cli_worker *worker)
{
    int pictures = 0;
    pthread_mutex_lock(&worker->lock);
    while (!worker->first && !worker->ending) pthread_cond_wait(&worker->work, &worker->lock);
    cli_job *jobs = worker->first, *last = NULL;
    while (worker->first && pictures < MOST) {
        last = worker->first;
        pictures += last->shots;
        worker->first = last->next;
    }
    if (last) last->next = NULL;
    pthread_mutex_unlock(&worker->lock);
    return jobs;
}

static void *work(void *context)
{
    cli_worker *worker = context;
    for (cli_job *jobs; (jobs = take(worker));) answer(worker, jobs);
    return NULL;
}

/* ---- beginning and end --------------------------------------------------------------------------------- */

/* Prepare the plan for a size, and measure it: the fastest of some runs, as others use the machine too. */
static lathe_status measure(cli_worker *worker, int index)
{
    double least = 0, sum = 0;
    lathe_status status = predict(worker, 0, sizes[index], 0, worker->masks != NULL);
    for (int i = 0; !status && i < 20 && (i < 3 || sum < trial); i++) {
        const double began = cli_seconds();
        status = predict(worker, 0, sizes[index], 0, worker->masks != NULL);
        const double spent = cli_seconds() - began;
        if (!i || spent < least) least = spent;
        sum += spent;
    }
    worker->cost[index] = least;
    return status;
}

/* Larger batches are used where they gain a tenth for each picture. */
static lathe_status measure_all(cli_worker *worker)
{
    lathe_status status = measure(worker, 0);
    double each = worker->cost[0];
    size_t used = (size_t)snprintf(worker->batches, sizeof worker->batches, "1");
    for (int i = 1; i < SIZES && !status && each < slow && sizes[i] <= worker->most; i++) {
        status = measure(worker, i);
        if (worker->cost[i] / sizes[i] > 0.9 * each) worker->cost[i] = 0;
        else {
            each = worker->cost[i] / sizes[i];
            used += (size_t)snprintf(worker->batches + used, sizeof worker->batches - used, ", %d", sizes[i]);
        }
    }
    return status;
}

static lathe_status make_room(cli_worker *worker)
{
    const lathe_trained *trained = worker->trained;
    const size_t bytes = lathe_trained_bytes(trained), fit = room_for / bytes;
    const size_t most = fit > MOST ? MOST : fit < 1 ? 1 : fit;
    worker->most = (int)most;
    worker->prepared = lathe_alloc(lathe_times(2, most), bytes);
    worker->probabilities =
        lathe_alloc_raw(lathe_times(most, (size_t)trained->data.classes), sizeof *worker->probabilities);
    if (trained->task->type->mask) worker->masks = lathe_alloc_raw(most, trained->task->answers);
    return worker->prepared && worker->probabilities && (worker->masks || !trained->task->type->mask) ?
        LATHE_OK :
        lathe_error();
}

cli_worker *cli_worker_new(const lathe_trained *trained, size_t max_pixels,
    void (*told)(void *context, const cli_job *job), void *context)
{
    cli_worker *worker = lathe_alloc(1, sizeof *worker);
    if (!worker) return NULL;
    worker->trained = trained;
    worker->max_pixels = max_pixels;
    worker->told = told;
    worker->context = context;
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->work, NULL);
    lathe_status status = make_room(worker);
    if (!status) status = measure_all(worker);
    if (!status && pthread_create(&worker->thread, NULL, work, worker))
        status = lathe_fail(LATHE_ENOMEM, "serve: no thread could be started");
    worker->running = !status;
    if (!status) return worker;
    cli_worker_free(worker);
    return NULL;
}

bool cli_worker_push(cli_worker *worker, cli_job *job)
{
    pthread_mutex_lock(&worker->lock);
    const bool taken = !worker->ending && worker->waiting + job->shots <= CLI_QUEUE_MOST;
    if (taken) {
        if (worker->first) worker->last->next = job;
        else worker->first = job;
        worker->last = job;
        worker->waiting += job->shots;
        pthread_cond_signal(&worker->work);
    }
    pthread_mutex_unlock(&worker->lock);
    return taken;
}

int cli_worker_waiting(cli_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    const int waiting = worker->waiting;
    pthread_mutex_unlock(&worker->lock);
    return waiting;
}

const char *cli_worker_batches(const cli_worker *worker) { return worker->batches; }

void cli_worker_end(cli_worker *worker)
{
    if (!worker->running) return;
    pthread_mutex_lock(&worker->lock);
    worker->ending = true;
    pthread_cond_signal(&worker->work);
    pthread_mutex_unlock(&worker->lock);
    pthread_join(worker->thread, NULL);
    worker->running = false;
}

void cli_worker_free(cli_worker *worker)
{
    if (!worker) return;
    cli_worker_end(worker);
    pthread_mutex_destroy(&worker->lock);
    pthread_cond_destroy(&worker->work);
    lathe_free(worker->prepared);
    lathe_free(worker->probabilities);
    lathe_free(worker->masks);
    lathe_free(worker);
}
