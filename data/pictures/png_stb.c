/* PNG and BMP through stb_image, kept to a budget of memory; JPEG too where LATHE_JPEG is stb. */
#include "picture_impl.h"

#include <string.h>

#include "../../core/alloc.h"

/* The bytes that stb_image may still allocate on this thread; did an allocation fail, or want more? */
static _Thread_local struct {
    size_t left;
    bool refused, used_up;
} memory;

/* Each block begins with its size. */
static void *take(size_t size)
{
    if (size > memory.left) {
        memory.used_up = true;
        return NULL;
    }
    size_t *block = lathe_alloc_raw(lathe_plus(LATHE_ALIGN, size), 1);
    if (!block) {
        memory.refused = true;
        return NULL;
    }
    memory.left -= size;
    *block = size;
    return (uint8_t *)block + LATHE_ALIGN;
}

static void give(void *bytes)
{
    if (!bytes) return;
    size_t *block = (size_t *)(void *)((uint8_t *)bytes - LATHE_ALIGN);
    memory.left += *block;
    lathe_free(block);
}

static void *resize(void *bytes, size_t old_size, size_t new_size)
{
    void *larger = take(new_size);
    if (larger && bytes) memcpy(larger, bytes, old_size < new_size ? old_size : new_size);
    if (larger) give(bytes);
    return larger;
}

#define STBI_MALLOC(size) take(size)
#define STBI_REALLOC_SIZED(bytes, old_size, new_size) resize(bytes, old_size, new_size)
#define STBI_REALLOC(bytes, size) resize(bytes, 0, size)
#define STBI_FREE(bytes) give(bytes)
#define STBI_ASSERT(fact) ((void)0) /* a damaged file must not abort */
#define STBI_ONLY_PNG
#define STBI_ONLY_BMP
#ifdef LATHE_JPEG_STB
#define STBI_ONLY_JPEG
#endif
#define STBI_NO_STDIO
#define STBI_MAX_DIMENSIONS 65535
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#pragma GCC diagnostic ignored \
    "-Wunused-function" /* declarations of what is left out stay; told at the file's end */
#ifndef __clang__
#pragma GCC diagnostic ignored \
    "-Wmaybe-uninitialized" /* of callbacks that a picture in memory does not use */
#endif
#include <stb/stb_image.h>

lathe_status lathe_picture_stb(lathe_picture_file *file, size_t budget, int channels, lathe_picture *picture)
{
    const size_t most = lathe_picture_memory(file);
    memory.left = budget < most ? budget : most;
    memory.refused = memory.used_up = false;
    if (file->opts.channels) channels = file->opts.channels;
    int width = 0, height = 0, own = 0;
    stbi_uc *pixels = stbi_load_from_memory(file->bytes, (int)file->size, &width, &height, &own,
        file->transparent ? 4 : channels); /* at most 2^30 bytes */
    if (!pixels && memory.refused) return LATHE_ENOMEM;
    if (!pixels && memory.used_up && budget > most) return lathe_picture_reserve(file, budget);
    if (!pixels) return lathe_fail(LATHE_EFORMAT, "%s: %s", file->name, stbi_failure_reason());
    *picture = (lathe_picture){ .width = width, .height = height, .channels = channels };
    lathe_status status = lathe_picture_alloc(picture);
    if (!status && file->transparent) lathe_picture_lay(pixels, file->opts.background, picture);
    else if (!status) memcpy(picture->pixels, pixels, (size_t)width * (size_t)height * (size_t)channels);
    give(pixels);
    return status;
}
