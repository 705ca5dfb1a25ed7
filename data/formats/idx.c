#include "idx.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../core/alloc.h"
#include "../files/byte_file_impl.h"
#include "../files/unpacked_cache_impl.h"
#include "memory_impl.h"

static uint32_t big_endian(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Read the header of a file with `rank` dimensions, and check the file's length. */
static lathe_status read_header(lathe_data_file *file, int rank, uint32_t *dims)
{
    uint8_t header[16];
    size_t length = 4 + 4 * (size_t)rank;
    lathe_status status = lathe_data_file_read(file, header, length);
    if (status) return status;
    if (header[0] || header[1])
        return lathe_fail(LATHE_EFORMAT,
            "%s: is not an IDX file: begins with %02x %02x %02x %02x, expected 00 00 08 %02x", file->path,
            header[0], header[1], header[2], header[3], (unsigned)rank);
    if (header[2] != 0x08)
        return lathe_fail(LATHE_EFORMAT, "%s: has elements of IDX type %02x, expected 08, unsigned bytes",
            file->path, header[2]);
    if (header[3] != rank)
        return lathe_fail(LATHE_EFORMAT, "%s: has %d dimensions, %s", file->path, header[3],
            rank == 1 ? "labels have 1" : "pictures have 3");
    uint64_t total = length, count = 1;
    for (int i = 0; i < rank; i++) {
        dims[i] = big_endian(header + 4 + 4 * i);
        if (i == 0 && !dims[i])
            return lathe_fail(LATHE_EFORMAT, "%s: is empty: its header says 0", file->path);
        if (i > 0 && (dims[i] < 1 || dims[i] > LATHE_IMAGE_SIDE_MAX))
            return lathe_fail(LATHE_EFORMAT, "%s: pictures have %lu %s, expected 1 to %d", file->path,
                (unsigned long)dims[i], i == 1 ? "rows" : "columns", LATHE_IMAGE_SIDE_MAX);
        count *= dims[i]; /* at most 2^32 * 2^14 * 2^14 */
    }
    return lathe_data_file_expect(file, total + count, "its header");
}

/* Read the rest of the file, `count` bytes, into a new block. */
static uint8_t *read_body(lathe_data_file *file, size_t count)
{
    uint8_t *bytes = lathe_alloc_raw(count, 1);
    if (bytes && !lathe_data_file_read(file, bytes, count) && !lathe_data_file_end(file)) return bytes;
    lathe_free(bytes);
    return NULL;
}

/* Labels as ints from 0, each below *classes; *classes 0 becomes their number up to the largest label. */
static int *widen(const lathe_data_file *file, const uint8_t *bytes, size_t count, int first, int *classes)
{
    int *labels = lathe_alloc_raw(count, sizeof *labels), largest = 0;
    if (!labels) return NULL;
    for (size_t i = 0; i < count; i++) {
        labels[i] = bytes[i] - first;
        if (labels[i] < 0 || (*classes && labels[i] >= *classes)) {
            lathe_fail(LATHE_EFORMAT, "%s: label %d of picture %zu, expected %d to %d", file->path, bytes[i],
                i, first, *classes ? first + *classes - 1 : 255);
            lathe_free(labels);
            return NULL;
        }
        if (labels[i] > largest) largest = labels[i];
    }
    if (!*classes) *classes = largest + 1;
    return labels;
}

/* A data set whose pictures are read from their cache file. */
static lathe_status cached_read(const lathe_dataset *data, size_t index, uint8_t *scratch,
    lathe_sample *sample)
{
    size_t size = (size_t)data->height * (size_t)data->width;
    for (size_t got = 0; got < size;) {
        ssize_t step = pread(*(const int *)data->state, scratch + got, size - got,
            (off_t)(LATHE_DATA_CACHE_BEGIN + index * size + got));
        if (step < 0 && errno == EINTR) continue;
        if (step <= 0)
            return lathe_fail(LATHE_EIO, "%s: picture %zu cannot be read from the cache file: %s", data->name,
                index, step ? strerror(errno) : "it became shorter");
        got += (size_t)step;
    }
    *sample = (lathe_sample){ .pixels = scratch,
        .channels = 1,
        .height = data->height,
        .width = data->width,
        .label = data->labels[index] };
    return LATHE_OK;
}

static void cached_close(lathe_dataset *data)
{
    if (data->state) close(*(int *)data->state);
    lathe_free(data->state);
    lathe_free((void *)data->labels);
    lathe_free((void *)data->class_names);
}

static const lathe_dataset_type cached_type = { .name = "cached",
    .read = cached_read,
    .close = cached_close };

/* The data set takes over the handle and the labels, also after a failure. */
static lathe_dataset *adopt_cached(int handle, int *labels, const lathe_memory_opts *memory)
{
    int *state = lathe_alloc(1, sizeof *state);
    lathe_dataset *data = NULL;
    if (state) data = lathe_data_adopt(NULL, labels, memory);
    else lathe_free(labels);
    if (!data) {
        close(handle);
        lathe_free(state);
        return NULL;
    }
    *state = handle;
    data->type = &cached_type;
    data->state = state;
    return data;
}

/* The pictures: in memory, or in their cache file. */
typedef struct unpacked {
    uint8_t *pixels; /* or NULL */
    int handle;      /* of the cache file, or -1 */
} unpacked;

/* Unpack `count` bytes of pictures, or take them from the cache file. Returns false after a failure. */
static bool unpack(lathe_data_file *file, size_t count, const lathe_idx_opts *opts, unpacked *all)
{
    bool cache = opts->cache && opts->mean && file->gzip,
         keep = !cache || count <= (opts->cache_bytes ? opts->cache_bytes : (size_t)1 << 30);
    *all = (unpacked){ keep ? lathe_alloc_raw(count, 1) : NULL, -1 };
    bool good = all->pixels || !keep;
    if (cache && good) {
        all->handle = lathe_data_cache_open(file, count, all->pixels);
        good = all->handle >= 0 ||
            !lathe_data_cache_make(file, 16, count, all->pixels, &all->handle); /* 16: after the header */
    }
    if (good && all->handle < 0) { /* without a cache */
        if (!keep) all->pixels = lathe_alloc_raw(count, 1);
        good = all->pixels && !lathe_data_file_read(file, all->pixels, count) && !lathe_data_file_end(file);
    } else if (good && keep) {
        close(all->handle);
        all->handle = -1;
    }
    if (!good) lathe_free(all->pixels);
    return good;
}

static lathe_dataset *read_both(lathe_data_file *pictures, lathe_data_file *labels,
    const lathe_idx_opts *opts)
{
    uint32_t dims[3] = { 0 }, label_count = 0;
    if (read_header(pictures, 3, dims) || read_header(labels, 1, &label_count)) return NULL;
    if (label_count != dims[0]) {
        lathe_fail(LATHE_EFORMAT, "%s: has %lu labels, %s has %lu pictures", labels->path,
            (unsigned long)label_count, pictures->path, (unsigned long)dims[0]);
        return NULL;
    }
    lathe_memory_opts memory = { .name = opts->name,
        .count = dims[0],
        .channels = 1,
        .height = (int)dims[1],
        .width = (int)dims[2],
        .classes = opts->classes,
        .class_names = opts->class_names,
        .mean = opts->mean,
        .std = opts->std };
    uint8_t *label_bytes = read_body(labels, label_count);
    int *own_labels =
        label_bytes ? widen(labels, label_bytes, label_count, opts->first_label, &memory.classes) : NULL;
    lathe_free(label_bytes);
    if (!own_labels) return NULL;
    if (!memory.name) {
        const char *slash = strrchr(pictures->path, '/');
        memory.name = slash ? slash + 1 : pictures->path;
    }
    unpacked all;
    if (!unpack(pictures, (size_t)dims[0] * dims[1] * dims[2], opts, &all)) {
        lathe_free(own_labels);
        return NULL;
    }
    return all.handle >= 0 ? adopt_cached(all.handle, own_labels, &memory) :
                             lathe_data_adopt(all.pixels, own_labels, &memory);
}

lathe_dataset *lathe_data_idx(const char *pictures, const char *labels, const lathe_idx_opts *opts)
{
    static const lathe_idx_opts none;
    if (!opts) opts = &none;
    if (!pictures || !labels)
        return lathe_fail_null("lathe_data_idx", pictures ? "labels" : "pictures"), NULL;
    if (opts->classes < 0 || opts->classes > LATHE_DATA_CLASSES_MAX || !opts->mean != !opts->std ||
        opts->first_label < 0 || opts->first_label > 255 || (opts->class_names && !opts->classes)) {
        lathe_fail(LATHE_EARG, "lathe_data_idx: %s",
            opts->classes < 0                          ? "classes is negative" :
                opts->classes > LATHE_DATA_CLASSES_MAX ? "classes is above 65536" :
                opts->first_label < 0                  ? "first_label is negative" :
                opts->first_label > 255                ? "first_label is above 255" :
                opts->class_names && !opts->classes    ? "class_names needs classes" :
                                                         "mean and std go together");
        return NULL;
    }
    lathe_data_file picture_file = LATHE_DATA_NO_FILE, label_file = LATHE_DATA_NO_FILE;
    lathe_dataset *data = NULL;
    if (!lathe_data_file_open(&picture_file, pictures) && !lathe_data_file_open(&label_file, labels))
        data = read_both(&picture_file, &label_file, opts);
    lathe_data_file_close(&picture_file);
    lathe_data_file_close(&label_file);
    return data;
}

/* MNIST, and sets with the same four files. */
typedef struct lathe_mnist_like {
    const char *name, *advice;
    bool any_classes; /* other sets have this form too, with classes of their own */
    const char *class_names[10];
    double mean, std; /* of the 60,000 training pictures, from exact integer sums of the published files */
} lathe_mnist_like;

static const lathe_mnist_like fashion_mnist = {
    .name = "fashion-mnist",
    .advice = "apt-get install dataset-fashion-mnist, or --data shapes",
    .class_names = { "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker",
        "Bag", "Ankle boot" },
    .mean = 0.2860405969887955,
    .std = 0.3530242445149226,
};

static const lathe_mnist_like mnist = {
    .name = "mnist",
    .advice = "give the folder of its four files, mnist:DIR, or --data shapes",
    .any_classes = true,
    .class_names = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9" },
    .mean = 0.1306604762738429,
    .std = 0.3081078038564627,
};

static char *join(const char *a, const char *b)
{
    const size_t room = strlen(a) + strlen(b) + 1;
    char *text = lathe_alloc(room, 1);
    if (text) snprintf(text, room, "%s%s", a, b);
    return text;
}

/*
 * The path of "train-images-idx3-ubyte" and the like under one of the names in use; the first if there is
 * none. `folder` may also end with the beginning of the files' names, before a hyphen.
 */
static char *find(const char *folder, const char *stem, int rank)
{
    char *first = NULL;
    for (int form = 0; form < 8; form++) {
        char name[64];
        const bool is_folder = form < 4;
        snprintf(name, sizeof name, "%s%s%cidx%d-ubyte%s", is_folder ? "" : "-", stem,
            form % 4 < 2 ? '-' : '.', rank, form % 2 ? "" : ".gz");
        char *path = is_folder ? lathe_data_path(folder, name) : join(folder, name);
        if (!path || lathe_data_file_exists(path)) {
            lathe_free(first);
            return path;
        }
        if (first) lathe_free(path);
        else first = path;
    }
    return first;
}

/* The file of a part of a split; EMNIST's say "test" where MNIST's say "t10k". */
static char *find_part(const char *folder, bool train, bool pictures)
{
    char *path = find(folder,
        train        ? pictures ? "train-images" : "train-labels" :
            pictures ? "t10k-images" :
                       "t10k-labels",
        pictures ? 3 : 1);
    if (train || !path || lathe_data_file_exists(path)) return path;
    char *other = find(folder, pictures ? "test-images" : "test-labels", pictures ? 3 : 1);
    const bool exists = other && lathe_data_file_exists(other);
    lathe_free(exists ? path : other);
    return exists || !other ? other : path;
}

/* The smallest and the largest label of a file. */
static lathe_status label_range(const char *path, int *least, int *most)
{
    lathe_data_file file = LATHE_DATA_NO_FILE;
    uint32_t count = 0;
    lathe_status status = lathe_data_file_open(&file, path);
    if (!status) status = read_header(&file, 1, &count);
    uint8_t *bytes = status ? NULL : read_body(&file, count);
    if (!status && !bytes) status = lathe_error();
    *least = 255, *most = 0;
    for (uint32_t i = 0; i < count && bytes; i++) {
        if (bytes[i] < *least) *least = bytes[i];
        if (bytes[i] > *most) *most = bytes[i];
    }
    lathe_free(bytes);
    lathe_data_file_close(&file);
    return status;
}

/* The names of classes that do not begin with 0: "1", "2", ...; for lathe_free. */
static const char **name_from(int first, int count)
{
    const char **name = lathe_alloc((size_t)count, sizeof *name + 4);
    char *text = (char *)(name + (name ? count : 0));
    for (int i = 0; i < count && name; i++, text += 4) {
        snprintf(text, 4, "%d", (first + i) % 1000);
        name[i] = text;
    }
    return name;
}

/*
 * Read the set with its own classes, or, if it may have others and a training label is beyond them, with the
 * classes of the training labels.
 */
static lathe_dataset *read_classes(const lathe_mnist_like *set, const char *pictures, const char *labels,
    const char *train_labels, size_t cache_bytes)
{
    int least = 0, most = 0;
    lathe_idx_opts opts = { .name = set->name,
        .classes = 10,
        .class_names = set->class_names,
        .mean = &set->mean,
        .std = &set->std,
        .cache = true,
        .cache_bytes = cache_bytes };
    const char **names = NULL;
    if (set->any_classes && lathe_data_file_exists(train_labels) && label_range(train_labels, &least, &most))
        return NULL;
    if (most >= opts.classes) {
        opts.first_label = least > 0;
        opts.classes = most + 1 - opts.first_label;
        opts.class_names = names = name_from(opts.first_label, opts.classes);
        opts.mean = opts.std = NULL;
        if (!names) return NULL;
    }
    lathe_dataset *data = lathe_data_idx(pictures, labels, &opts);
    lathe_free((void *)names);
    return data;
}

static lathe_dataset *open_four(const lathe_mnist_like *set, const char *dir, lathe_split split,
    size_t cache_bytes)
{
    if (split != LATHE_SPLIT_TRAIN && split != LATHE_SPLIT_TEST) {
        lathe_fail(LATHE_EARG, "%s: split %d is neither train nor test", set->name, (int)split);
        return NULL;
    }
    const bool train = split == LATHE_SPLIT_TRAIN;
    char *folder = lathe_data_place(dir, set->name);
    char *pictures = folder ? find_part(folder, train, true) : NULL;
    char *labels = pictures ? find_part(folder, train, false) : NULL;
    char *train_labels = labels ? find_part(folder, true, false) : NULL;
    lathe_dataset *data = NULL;
    if (train_labels) {
        const char *missing = !lathe_data_file_exists(pictures) ? pictures :
            !lathe_data_file_exists(labels)                     ? labels :
                                                                  NULL;
        if (missing) lathe_fail(LATHE_EIO, "%s: there is no %s: %s", set->name, missing, set->advice);
        else data = read_classes(set, pictures, labels, train_labels, cache_bytes);
    }
    lathe_free(folder);
    lathe_free(pictures);
    lathe_free(labels);
    lathe_free(train_labels);
    return data;
}

lathe_dataset *lathe_data_fashion_mnist(const char *dir, lathe_split split)
{
    return open_four(&fashion_mnist, dir, split, 0);
}

lathe_dataset *lathe_data_mnist(const char *dir, lathe_split split)
{
    return open_four(&mnist, dir, split, 0);
}

static lathe_dataset *open_fashion_mnist(const char *argument, lathe_split split, const lathe_data_opts *opts)
{
    return lathe_data_fixed("fashion-mnist", opts, 28, 1) ?
        NULL :
        open_four(&fashion_mnist, argument, split, opts->cache_bytes);
}

static lathe_dataset *open_mnist(const char *argument, lathe_split split, const lathe_data_opts *opts)
{
    return lathe_data_fixed("mnist", opts, 28, 1) ? NULL :
                                                    open_four(&mnist, argument, split, opts->cache_bytes);
}

const lathe_data_source lathe_fashion_mnist_source = {
    .name = "fashion-mnist",
    .argument = "[DIR]",
    .help = "70,000 grey pictures of clothing, 28x28, 10 classes",
    .open = open_fashion_mnist,
};

const lathe_data_source lathe_mnist_source = {
    .name = "mnist",
    .argument = "[DIR]",
    .help = "70,000 handwritten digits, 28x28",
    .open = open_mnist,
};
