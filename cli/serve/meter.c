#include "meter.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "../command.h"

enum { CODES = 10, ROUTES = 16, BOUNDS = 13 };
static const unsigned codes[CODES] = { 200, 400, 403, 404, 405, 413, 415, 500, 503, 0 }; /* 0: others */
static const double bounds[BOUNDS] = { 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
    10 };

struct cli_meter {
    const lathe_trained *trained;
    const char *const *routes;
    bool single; /* each picture has one class */
    pthread_mutex_t lock;
    uint64_t requests[ROUTES][CODES];
    uint64_t within[BOUNDS + 1]; /* predictions by their seconds; the last: above all bounds */
    double seconds;              /* of all of them */
    uint64_t pictures, bad;      /* answered; not to be read */
    double preparing, predicting;
    /* For each class: pictures that were given it (of masks the sum of its parts), their probabilities. */
    double *given, *confidence;
};

cli_meter *cli_meter_new(const lathe_trained *trained, const char *const *routes)
{
    cli_meter *meter = lathe_alloc(1, sizeof *meter);
    if (!meter) return NULL;
    meter->trained = trained;
    meter->routes = routes;
    meter->single = lathe_task_single_class(trained->task);
    meter->given = lathe_alloc((size_t)trained->data.classes, sizeof *meter->given);
    meter->confidence = lathe_alloc((size_t)trained->data.classes, sizeof *meter->confidence);
    pthread_mutex_init(&meter->lock, NULL);
    if (meter->given && meter->confidence) return meter;
    cli_meter_free(meter);
    return NULL;
}

void cli_meter_free(cli_meter *meter)
{
    if (!meter) return;
    pthread_mutex_destroy(&meter->lock);
    lathe_free(meter->given);
    lathe_free(meter->confidence);
    lathe_free(meter);
}

void cli_meter_request(cli_meter *meter, int route, unsigned status, double seconds)
{
    int code = 0, bound = 0;
    while (code < CODES - 1 && codes[code] != status) code++;
    while (bound < BOUNDS && seconds > bounds[bound]) bound++;
    pthread_mutex_lock(&meter->lock);
    meter->requests[route][code]++;
    if (!route) {
        meter->within[bound]++;
        meter->seconds += seconds;
    }
    pthread_mutex_unlock(&meter->lock);
}

/* The classes that a picture was given: the first, one a head, or all above a half; of a mask all parts. */
static void count_classes(cli_meter *meter, const double *p)
{
    lathe_finding found[CLI_JOB_TOP];
    const lathe_task *task = meter->trained->task;
    const int count = task->type->decode(task, p, 1, found, CLI_JOB_TOP);
    const bool all = meter->single || meter->trained->data.heads, parts = task->type->mask;
    for (int i = 0; i < count; i++) {
        const double probability = found[i].probability;
        if (!isfinite(probability) || (!all && !parts && !(probability > 0.5))) continue;
        meter->given[found[i].index] += parts ? probability : 1;
        meter->confidence[found[i].index] += parts ? 0 : probability;
    }
}

void cli_meter_job(void *context, const cli_job *job)
{
    cli_meter *meter = context;
    pthread_mutex_lock(&meter->lock);
    for (int i = 0; i < job->shots; i++) {
        if (job->shot[i].status) meter->bad++;
        else {
            meter->pictures++;
            count_classes(meter, job->shot[i].probabilities);
        }
    }
    meter->preparing += job->preparing;
    meter->predicting += job->predicting;
    pthread_mutex_unlock(&meter->lock);
}

/* ---- as text ------------------------------------------------------------------------------------------- */

static void put_kind(lathe_text *out, const char *name, const char *kind, const char *help)
{
    lathe_text_add(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

static void put_number(lathe_text *out, const char *name, double number)
{
    lathe_text_add(out, "%s ", name);
    lathe_text_number(out, number);
    lathe_text_put(out, "\n");
}

/* A label's value, in quotes: backslash, quote and line end are escaped. */
static void put_label(lathe_text *out, const char *value)
{
    lathe_text_put(out, "\"");
    for (int length; *value; value += length ? length : 1) {
        length = lathe_utf8_length(value);
        if (!length) lathe_text_put(out, "\xEF\xBF\xBD");
        else if (strchr("\\\"\n", *value)) lathe_text_add(out, "\\%c", *value == '\n' ? 'n' : *value);
        else lathe_text_put_n(out, value, (size_t)length);
    }
    lathe_text_put(out, "\"");
}

static void put_class(lathe_text *out, const char *metric, const lathe_dataset *data, int class,
    double number)
{
    lathe_text_add(out, "%s{class=", metric);
    put_label(out, data->class_names[class]);
    for (int h = 0; h < data->heads; h++)
        if (class >= data->head[h].first && class < data->head[h].first + data->head[h].classes) {
            lathe_text_put(out, ",head=");
            put_label(out, data->head[h].name);
        }
    lathe_text_put(out, "} ");
    lathe_text_number(out, number);
    lathe_text_put(out, "\n");
}

static void put_requests(const cli_meter *meter, lathe_text *out)
{
    put_kind(out, "lathe_requests_total", "counter", "Requests by route and HTTP status.");
    for (int r = 0; meter->routes[r] && r < ROUTES; r++)
        for (int c = 0; c < CODES; c++)
            if (meter->requests[r][c])
                lathe_text_add(out, "lathe_requests_total{route=\"%s\",code=\"%u\"} %llu\n", meter->routes[r],
                    codes[c], (unsigned long long)meter->requests[r][c]);
    put_kind(out, "lathe_request_seconds", "histogram",
        "Seconds from the begin of a request for predictions to its answer.");
    uint64_t sum = 0;
    for (int i = 0; i <= BOUNDS; i++) {
        char bound[32];
        sum += meter->within[i];
        lathe_text_add(out, "lathe_request_seconds_bucket{le=\"%s\"} %llu\n",
            i < BOUNDS ? lathe_double_text(bounds[i], bound) : "+Inf", (unsigned long long)sum);
    }
    put_number(out, "lathe_request_seconds_sum", meter->seconds);
    put_number(out, "lathe_request_seconds_count", (double)sum);
}

/* The classes of head `index`; without heads all of them are one group. Returns false after the last. */
static bool group_at(const lathe_dataset *data, int index, int *first, int *end)
{
    if (index >= (data->heads ? data->heads : 1)) return false;
    *first = data->heads ? data->head[index].first : 0;
    *end = data->heads ? *first + data->head[index].classes : data->classes;
    return true;
}

/* Training samples of a class; 0 where they are unknown. Of masks, checkpoints count no pixels. */
static double trained_on(const cli_meter *meter, int class)
{
    const lathe_trained *trained = meter->trained;
    return trained->class_counts && !trained->task->type->mask ? (double)trained->class_counts[class] : 0;
}

/* The shares of the classes in predictions or in training. */
static void put_shares(const cli_meter *meter, bool training, lathe_text *out)
{
    const lathe_dataset *data = &meter->trained->data;
    for (int g = 0, first, end; group_at(data, g, &first, &end); g++) {
        double sum = 0;
        for (int k = first; k < end; k++) sum += training ? trained_on(meter, k) : meter->given[k];
        for (int k = first; k < end && sum > 0; k++)
            put_class(out, training ? "lathe_training_share" : "lathe_predicted_share", data, k,
                (training ? trained_on(meter, k) : meter->given[k]) / sum);
    }
}

/* Half the sum of the differences between the shares, the mean over the heads; NaN before a prediction. */
static double drift(const cli_meter *meter)
{
    const lathe_dataset *data = &meter->trained->data;
    double apart = 0;
    int groups = 0;
    for (int first, end; group_at(data, groups, &first, &end); groups++) {
        double now = 0, before = 0;
        for (int k = first; k < end; k++) {
            now += meter->given[k];
            before += trained_on(meter, k);
        }
        for (int k = first; k < end; k++)
            apart += fabs(meter->given[k] / now - trained_on(meter, k) / before) / 2;
    }
    return apart / groups;
}

static void put_drift(const cli_meter *meter, lathe_text *out)
{
    put_kind(out, "lathe_predicted_share", "gauge", "Share of a class among the predictions.");
    put_shares(meter, false, out);
    if (!meter->trained->class_counts || meter->trained->task->type->mask) return;
    put_kind(out, "lathe_training_share", "gauge", "Share of a class among the training samples.");
    put_shares(meter, true, out);
    if (!isfinite(drift(meter))) return;
    put_kind(out, "lathe_drift", "gauge",
        "Total variation between predicted and training shares: 0 the same, 1 disjoint.");
    put_number(out, "lathe_drift", drift(meter));
}

static void put_classes(const cli_meter *meter, lathe_text *out)
{
    const lathe_dataset *data = &meter->trained->data;
    double sum = 0, all = 0;
    put_kind(out, "lathe_predicted_total", "counter",
        "Pictures that were given a class; with masks the sum of its parts of the pictures.");
    for (int k = 0; k < data->classes; k++) put_class(out, "lathe_predicted_total", data, k, meter->given[k]);
    if (!meter->trained->task->type->mask) {
        put_kind(out, "lathe_confidence_sum", "counter", "Sum of the probabilities of these predictions.");
        for (int k = 0; k < data->classes; k++) {
            put_class(out, "lathe_confidence_sum", data, k, meter->confidence[k]);
            sum += meter->confidence[k];
            all += meter->given[k];
        }
    }
    if (all > 0) {
        put_kind(out, "lathe_confidence_mean", "gauge", "Mean probability of the predicted classes.");
        put_number(out, "lathe_confidence_mean", sum / all);
    }
    put_drift(meter, out);
}

void cli_meter_text(cli_meter *meter, cli_meter_now now, lathe_text *out)
{
    const lathe_trained *trained = meter->trained;
    pthread_mutex_lock(&meter->lock);
    put_kind(out, "lathe_info", "gauge", "The model that is served.");
    lathe_text_add(out, "lathe_info{version=\"%s\",model=", lathe_version());
    put_label(out, trained->model_name);
    lathe_text_add(out, ",weights=\"%s\"} 1\n", trained->weights_hash);
    put_kind(out, "lathe_ready", "gauge", "1: takes requests; 0: ends.");
    put_number(out, "lathe_ready", now.ready);
    put_kind(out, "lathe_uptime_seconds", "gauge", "Seconds since the start.");
    put_number(out, "lathe_uptime_seconds", cli_seconds());
    put_kind(out, "lathe_connections", "gauge", "Open connections.");
    put_number(out, "lathe_connections", now.connections);
    put_kind(out, "lathe_waiting_pictures", "gauge", "Pictures that wait or are being answered.");
    put_number(out, "lathe_waiting_pictures", now.waiting);
    put_kind(out, "lathe_body_bytes", "gauge", "Bytes of request bodies in memory.");
    put_number(out, "lathe_body_bytes", (double)now.bytes);
    put_requests(meter, out);
    put_kind(out, "lathe_pictures_total", "counter", "Pictures that were answered.");
    put_number(out, "lathe_pictures_total", (double)meter->pictures);
    put_kind(out, "lathe_bad_pictures_total", "counter", "Pictures that could not be read or answered.");
    put_number(out, "lathe_bad_pictures_total", (double)meter->bad);
    put_classes(meter, out);
    pthread_mutex_unlock(&meter->lock);
}

void cli_meter_totals(cli_meter *meter, uint64_t *requests, uint64_t *failed, uint64_t *pictures)
{
    pthread_mutex_lock(&meter->lock);
    *requests = *failed = 0;
    for (int c = 0; c < CODES; c++) {
        *requests += meter->requests[0][c];
        if (c) *failed += meter->requests[0][c];
    }
    *pictures = meter->pictures;
    pthread_mutex_unlock(&meter->lock);
}
