#include "upload.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "../json.h"

/* A body beyond the limit is read on, so that its sender gets the answer, but not forever. */
enum { OVER = 4 };

struct cli_upload {
    size_t most, got; /* bytes of the body */
    enum { RAW, FORM, JSON } kind;
    struct MHD_PostProcessor *form;
    cli_job *job;
    cli_bytes text;    /* of JSON, or of the form's field at hand */
    const char *field; /* which one; NULL: a picture */
    bool instances;    /* the body is JSON */
    unsigned status;   /* 0, or the HTTP status of what is wrong */
    char why[LATHE_MESSAGE_SIZE];
};

void cli_upload_refuse(cli_upload *upload, unsigned status, const char *why)
{
    if (upload->status) return;
    upload->status = status;
    snprintf(upload->why, sizeof upload->why, "%s", why);
}

/* ---- options ------------------------------------------------------------------------------------------- */

static const char *const options[] = { "top", "confidence", "mask" };

static const char *option_of(const char *name)
{
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (!strcmp(name, options[i])) return options[i];
    return NULL;
}

static void set_number(cli_upload *upload, const char *name, double number)
{
    if (!strcmp(name, "top")) {
        if (!(number >= 1 && number <= CLI_JOB_TOP) || number != (int)number)
            cli_upload_refuse(upload, MHD_HTTP_BAD_REQUEST, "top is not a whole number from 1 to 1000");
        else upload->job->top = (int)number;
    } else if (!strcmp(name, "confidence")) {
        if (!(number >= 0 && number <= 1))
            cli_upload_refuse(upload, MHD_HTTP_BAD_REQUEST, "confidence is not 0 to 1");
        else upload->job->confidence = number;
    }
}

static void set_option(cli_upload *upload, const char *name, const char *text)
{
    double number;
    if (!strcmp(name, "mask")) {
        upload->job->masks = !strcmp(text, "rle");
        if (strcmp(text, "rle") != 0 && strcmp(text, "none") != 0)
            cli_upload_refuse(upload, MHD_HTTP_BAD_REQUEST, "mask is not rle or none");
    } else if (lathe_parse_double(text, &number)) set_number(upload, name, number);
    else
        cli_upload_refuse(upload, MHD_HTTP_BAD_REQUEST,
            !strcmp(name, "top") ? "top is not a number" : "confidence is not a number");
}

static void read_query(cli_upload *upload, struct MHD_Connection *connection)
{
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        const char *text = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, options[i]);
        if (text) set_option(upload, options[i], text);
    }
}

/* ---- a form -------------------------------------------------------------------------------------------- */

/* The text of a field is complete. */
static void end_field(cli_upload *upload)
{
    if (!upload->field) return;
    if (cli_bytes_add(&upload->text, "", 1))
        cli_upload_refuse(upload, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
    else set_option(upload, upload->field, (const char *)upload->text.data);
    upload->field = NULL;
}

static void begin_part(cli_upload *upload, const char *key, const char *file)
{
    end_field(upload);
    upload->field = file ? NULL : option_of(key);
    upload->text.size = 0;
    if (upload->field || cli_job_add(upload->job, file ? file : key)) return;
    char why[64];
    snprintf(why, sizeof why, "more than %d pictures in a request", CLI_JOB_PICTURES);
    cli_upload_refuse(upload, MHD_HTTP_CONTENT_TOO_LARGE,
        upload->job->shots < CLI_JOB_PICTURES ? "out of memory" : why);
}

static enum MHD_Result take_part(void *context, enum MHD_ValueKind kind, const char *key, const char *file,
    const char *type, const char *encoding, const char *data, uint64_t offset, size_t size)
{
    (void)kind, (void)type, (void)encoding;
    cli_upload *upload = context;
    if (!offset) begin_part(upload, key ? key : "", file);
    if (upload->status) return MHD_NO;
    cli_bytes *to = &upload->text;
    if (!upload->field) to = &upload->job->shot[upload->job->shots - 1].file;
    if (!size || !cli_bytes_add(to, data, size)) return MHD_YES;
    cli_upload_refuse(upload, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
    return MHD_NO;
}

static void end_form(cli_upload *upload)
{
    const enum MHD_Result whole = MHD_destroy_post_processor(upload->form);
    upload->form = NULL;
    end_field(upload);
    if (whole != MHD_YES)
        cli_upload_refuse(upload, MHD_HTTP_BAD_REQUEST, "the form (multipart/form-data) is not complete");
    if (!upload->job->shots) cli_upload_refuse(upload, MHD_HTTP_BAD_REQUEST, "the form has no file");
}

/* ---- JSON ---------------------------------------------------------------------------------------------- */

static int digit(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

bool cli_base64(char *text, size_t length, size_t *size)
{
    unsigned bits = 0, count = 0;
    size_t to = 0, at = 0;
    for (; at < length && text[at] != '='; at++) {
        const int value = digit(text[at]);
        if (value < 0 && strchr(" \t\r\n", text[at]) && text[at]) continue;
        if (value < 0) return false;
        bits = (bits << 6 | (unsigned)value) & 0xFFFFFF;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        text[to++] = (char)(bits >> count);
    }
    for (; at < length; at++)
        if (!strchr("= \t\r\n", text[at]) || !text[at]) return false;
    *size = to;
    return true;
}

#ifdef LATHE_JSON

/* The base64 of an instance: "..." or {"image": "..."} or {"image": {"b64": "..."}} or {"b64": "..."}. */
static char *image_of(const cJSON *instance)
{
    static const char *const names[] = { "image", "b64", "image_bytes" };
    for (int depth = 0; depth < 3 && instance && !cJSON_IsString(instance); depth++) {
        const cJSON *inner = NULL;
        for (size_t i = 0; i < sizeof names / sizeof names[0] && !inner; i++)
            inner = cJSON_GetObjectItemCaseSensitive(instance, names[i]);
        instance = inner;
    }
    return instance && cJSON_IsString(instance) ? instance->valuestring : NULL;
}

static void add_instance(cli_upload *upload, const cJSON *instance)
{
    size_t size;
    char *text = image_of(instance), *comma = text && !strncmp(text, "data:", 5) ? strchr(text, ',') : NULL;
    if (comma) text = comma + 1;
    if (!text || !cli_base64(text, strlen(text), &size)) {
        cli_upload_refuse(upload, MHD_HTTP_BAD_REQUEST, "an instance is not {\"image\": \"base64\"}");
        return;
    }
    cli_shot *shot = cli_job_add(upload->job, NULL);
    if (!shot || (size && cli_bytes_add(&shot->file, text, size)))
        cli_upload_refuse(upload, MHD_HTTP_CONTENT_TOO_LARGE, "too many instances");
}

static void end_json(cli_upload *upload)
{
    cJSON *whole = cJSON_ParseWithLength((const char *)upload->text.data, upload->text.size);
    const cJSON *instances = cJSON_GetObjectItemCaseSensitive(whole, "instances"), *one;
    const cJSON *parameters = cJSON_GetObjectItemCaseSensitive(whole, "parameters");
    if (!cJSON_IsArray(instances) || !instances->child)
        cli_upload_refuse(upload, MHD_HTTP_BAD_REQUEST,
            "the body is not {\"instances\": [{\"image\": \"base64\"}, ...]}");
    for (one = instances ? instances->child : NULL; one && !upload->status; one = one->next)
        add_instance(upload, one);
    for (one = parameters ? parameters->child : NULL; one && !upload->status; one = one->next) {
        const char *name = one->string ? option_of(one->string) : NULL;
        if (name && cJSON_IsNumber(one)) set_number(upload, name, one->valuedouble);
        else if (name && cJSON_IsString(one)) set_option(upload, name, one->valuestring);
    }
    cJSON_Delete(whole);
}

#else

static void end_json(cli_upload *upload)
{
    cli_upload_refuse(upload, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
        "this build reads no JSON; build with -DLATHE_JSON=ON");
}

#endif

/* ---- all kinds ----------------------------------------------------------------------------------------- */

static bool begins(const char *type, const char *with)
{
    const size_t length = strlen(with);
    return type && !strncasecmp(type, with, length) && (!type[length] || strchr("; \t", type[length]));
}

cli_upload *cli_upload_new(struct MHD_Connection *connection, size_t most)
{
    cli_upload *upload = lathe_alloc(1, sizeof *upload);
    if (upload) upload->job = cli_job_new();
    if (!upload || !upload->job) {
        lathe_free(upload);
        return NULL;
    }
    upload->most = most;
    const char *type = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Type");
    upload->kind = begins(type, "multipart/form-data") ? FORM : begins(type, "application/json") ? JSON : RAW;
    upload->instances = upload->kind == JSON;
    read_query(upload, connection);
    if (upload->kind == FORM &&
        !(upload->form = MHD_create_post_processor(connection, 4096, take_part, upload)))
        cli_upload_refuse(upload, MHD_HTTP_BAD_REQUEST,
            "the form (multipart/form-data) has no boundary of two characters or more");
    if (upload->kind == RAW && !cli_job_add(upload->job, NULL))
        cli_upload_refuse(upload, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
    return upload;
}

void cli_upload_free(cli_upload *upload)
{
    if (!upload) return;
    if (upload->form) MHD_destroy_post_processor(upload->form);
    cli_job_free(upload->job);
    lathe_free(upload->text.data);
    lathe_free(upload);
}

bool cli_upload_take(cli_upload *upload, const char *bytes, size_t size)
{
    char why[96];
    upload->got = lathe_plus(upload->got, size);
    if (upload->got > upload->most) {
        snprintf(why, sizeof why, "the body has more than %zu bytes", upload->most);
        cli_upload_refuse(upload, MHD_HTTP_CONTENT_TOO_LARGE, why);
    }
    if (upload->status) return upload->got / OVER <= upload->most;
    if (upload->kind == FORM) {
        if (MHD_post_process(upload->form, bytes, size) != MHD_YES)
            cli_upload_refuse(upload, MHD_HTTP_BAD_REQUEST,
                "the form (multipart/form-data) is not as its type says");
    } else if (cli_bytes_add(upload->kind == JSON ? &upload->text : &upload->job->shot[0].file, bytes, size))
        cli_upload_refuse(upload, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
    return true;
}

size_t cli_upload_bytes(const cli_upload *upload)
{
    return upload->got < upload->most ? upload->got : upload->most;
}

cli_job *cli_upload_end(cli_upload *upload, unsigned *status, char why[LATHE_MESSAGE_SIZE])
{
    if (upload->form) end_form(upload);
    if (upload->kind == JSON && !upload->status) end_json(upload);
    if (upload->kind == RAW && !upload->got)
        cli_upload_refuse(upload, MHD_HTTP_BAD_REQUEST, "the body is empty; send a picture");
    *status = upload->status;
    snprintf(why, LATHE_MESSAGE_SIZE, "%s", upload->why);
    cli_job *job = upload->status ? NULL : upload->job;
    if (job) upload->job = NULL;
    return job;
}

bool cli_upload_instances(const cli_upload *upload) { return upload->instances; }
