#include "state.h"

#include <inttypes.h>
#include <stdio.h>

#include "../core/alloc.h"
#include "../core/field.h"
#include "lines.h"

/* Make room for one more row of `size` bytes. Returns NULL after a failure; the rows are then unchanged. */
static void *one_more(void *rows, int count, int *room, size_t size)
{
    if (count < *room) return rows;
    size_t larger = 2 * (size_t)*room + 32;
    void *grown = lathe_grow(rows, (size_t)count, larger, size);
    if (grown) *room = (int)larger;
    return grown;
}

void lathe_notes_text(lathe_notes *notes, const char *key, const char *text)
{
    if (!notes || !key || notes->status) return;
    char *copy = lathe_strdup(text);
    lathe_metadata *grown =
        copy ? one_more(notes->text, notes->texts, &notes->text_room, sizeof *grown) : NULL;
    if (!grown) {
        notes->status = lathe_error() ? lathe_error() :
                                        lathe_fail(LATHE_EARG, "lathe_notes_text: %.80s has no text", key);
        lathe_free(copy);
        return;
    }
    notes->text = grown;
    grown[notes->texts++] = (lathe_metadata){ key, copy };
}

void lathe_notes_count(lathe_notes *notes, const char *key, uint64_t count)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, count);
    lathe_notes_text(notes, key, text);
}

void lathe_notes_numbers(lathe_notes *notes, const char *key, const double *numbers, int count)
{
    char *text = lathe_numbers_text(numbers, count);
    lathe_notes_text(notes, key, text);
    lathe_free(text);
}

void lathe_notes_tensor(lathe_notes *notes, const char *prefix, const lathe_tensor *tensor,
    const lathe_real *values)
{
    if (!notes || !tensor || notes->status) return;
    lathe_saved *grown = one_more(notes->tensor, notes->tensors, &notes->tensor_room, sizeof *grown);
    if (!grown) {
        notes->status = lathe_error();
        return;
    }
    notes->tensor = grown;
    grown[notes->tensors++] =
        (lathe_saved){ prefix, tensor->name, tensor->shape, values ? values : tensor->data };
}

lathe_status lathe_notes_check(const lathe_notes *notes)
{
    if (!notes) return lathe_fail_null("lathe_notes_check", "notes");
    if (notes->status) return notes->status;
    return lathe_safetensors_writable(notes->tensor, notes->tensors, notes->text, notes->texts);
}

lathe_status lathe_notes_write(const lathe_notes *notes, const char *path)
{
    if (!notes || !path) return lathe_fail_null("lathe_notes_write", notes ? "path" : "notes");
    if (notes->status) return notes->status;
    return lathe_safetensors_write(path, notes->tensor, notes->tensors, notes->text, notes->texts);
}

char *lathe_notes_bytes(const lathe_notes *notes, size_t *size)
{
    if (!notes || !size) return lathe_fail_null("lathe_notes_bytes", notes ? "size" : "notes"), NULL;
    if (notes->status) return NULL;
    return lathe_safetensors_bytes(notes->tensor, notes->tensors, notes->text, notes->texts, size);
}

void lathe_notes_free(lathe_notes *notes)
{
    if (!notes) return;
    for (int i = 0; i < notes->texts; i++) lathe_free((char *)notes->text[i].text);
    lathe_free(notes->text);
    lathe_free(notes->tensor);
    *notes = (lathe_notes){ 0 };
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static lathe_status bad_note(const lathe_safetensors *file, const char *key)
{
    const char *text = lathe_safetensors_text(file, key);
    return lathe_fail(LATHE_EFORMAT, "%s: %s is %s%.60s%s: not a checkpoint that a run can resume from",
        file->path, key, text ? "'" : "missing", text ? text : "", text ? "'" : "");
}

lathe_status lathe_noted_count(const lathe_safetensors *file, const char *key, uint64_t *count)
{
    int64_t number;
    if (!file || !key || !count)
        return lathe_fail_null("lathe_noted_count", !file ? "file" : !key ? "key" : "count");
    const char *text = lathe_safetensors_text(file, key);
    if (!text || !lathe_parse_int64(text, &number) || number < 0) return bad_note(file, key);
    *count = (uint64_t)number;
    return LATHE_OK;
}

lathe_status lathe_noted_numbers(const lathe_safetensors *file, const char *key, double *numbers, int count)
{
    if (!file || !key || !numbers)
        return lathe_fail_null("lathe_noted_numbers", !file ? "file" : !key ? "key" : "numbers");
    const char *text = lathe_safetensors_text(file, key);
    return text && lathe_numbers_read(&text, numbers, count) && !*text ? LATHE_OK : bad_note(file, key);
}
