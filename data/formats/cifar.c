#include "cifar.h"

#include <string.h>

#include "../../core/alloc.h"
#include "../files/byte_file_impl.h"
#include "memory_impl.h"

#define PICTURE 3072
#define FILES 5

/* Mean and std of the training pictures as published. */
typedef struct lathe_cifar {
    const char *name, *files[2][FILES + 1]; /* for each split, ended by NULL */
    int classes, label_bytes;               /* the last of them is the label */
    const char *const *class_names;
    double mean[3], std[3];
} lathe_cifar;

static const char *const ten[] = { "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse",
    "ship", "truck" };

static const char *const hundred[] = { "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee",
    "beetle", "bicycle", "bottle", "bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle",
    "caterpillar", "cattle", "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch", "crab",
    "crocodile", "cup", "dinosaur", "dolphin", "elephant", "flatfish", "forest", "fox", "girl", "hamster",
    "house", "kangaroo", "keyboard", "lamp", "lawn_mower", "leopard", "lion", "lizard", "lobster", "man",
    "maple_tree", "motorcycle", "mountain", "mouse", "mushroom", "oak_tree", "orange", "orchid", "otter",
    "palm_tree", "pear", "pickup_truck", "pine_tree", "plain", "plate", "poppy", "porcupine", "possum",
    "rabbit", "raccoon", "ray", "road", "rocket", "rose", "sea", "seal", "shark", "shrew", "skunk",
    "skyscraper", "snail", "snake", "spider", "squirrel", "streetcar", "sunflower", "sweet_pepper", "table",
    "tank", "telephone", "television", "tiger", "tractor", "train", "trout", "tulip", "turtle", "wardrobe",
    "whale", "willow_tree", "wolf", "woman", "worm" };

static const lathe_cifar cifar10 = {
    .name = "cifar10",
    .files = { { "data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
                   "data_batch_5.bin", NULL },
        { "test_batch.bin", NULL } },
    .classes = 10,
    .label_bytes = 1,
    .class_names = ten,
    .mean = { 0.49139968, 0.48215841, 0.44653091 },
    .std = { 0.24703223, 0.24348513, 0.26158784 },
};

static const lathe_cifar cifar100 = {
    .name = "cifar100",
    .files = { { "train.bin", NULL }, { "test.bin", NULL } },
    .classes = 100,
    .label_bytes = 2,
    .class_names = hundred,
    .mean = { 0.50707516, 0.48654887, 0.44091784 },
    .std = { 0.26733429, 0.25643846, 0.27615047 },
};

/* Open one file and count its records. */
static lathe_status open_file(const lathe_cifar *set, const char *folder, const char *name,
    lathe_data_file *file, size_t *records)
{
    char *path = lathe_data_path(folder, name);
    if (!path) return LATHE_ENOMEM;
    uint64_t size = 0, record = (uint64_t)set->label_bytes + PICTURE;
    lathe_status status = lathe_data_file_open(file, path);
    if (!status) status = lathe_data_file_size(file, &size);
    if (!status && (!size || size % record))
        status =
            lathe_fail(LATHE_EFORMAT, "%s: has %llu bytes, not a multiple of %llu, the length of a %s record",
                path, (unsigned long long)size, (unsigned long long)record, set->name);
    if (!status && size / record > 1 << 24)
        status = lathe_fail(LATHE_EFORMAT, "%s: has %llu records, more than %d", path,
            (unsigned long long)(size / record), 1 << 24);
    *records = (size_t)(size / record);
    lathe_free(path);
    return status;
}

static lathe_status read_records(const lathe_cifar *set, lathe_data_file *file, size_t records,
    uint8_t *pixels, int *labels)
{
    for (size_t i = 0; i < records; i++) {
        uint8_t label[2];
        lathe_status status = lathe_data_file_read(file, label, (size_t)set->label_bytes);
        if (!status) status = lathe_data_file_read(file, pixels + i * PICTURE, PICTURE);
        if (status) return status;
        labels[i] = label[set->label_bytes - 1];
        if (labels[i] >= set->classes)
            return lathe_fail(LATHE_EFORMAT, "%s: label %d of record %zu, expected 0 to %d", file->path,
                labels[i], i, set->classes - 1);
    }
    return lathe_data_file_end(file);
}

/* All files of a split, one after the other, into one data set. */
static lathe_dataset *read_files(const lathe_cifar *set, lathe_data_file *files, const size_t *records,
    int count)
{
    size_t total = 0, done = 0;
    for (int i = 0; i < count; i++) total += records[i];
    uint8_t *pixels = lathe_alloc_raw(total, PICTURE);
    int *labels = lathe_alloc_raw(total, sizeof *labels);
    lathe_status status = pixels && labels ? LATHE_OK : LATHE_ENOMEM;
    for (int i = 0; i < count && !status; i++) {
        status = read_records(set, &files[i], records[i], pixels + done * PICTURE, labels + done);
        done += records[i];
    }
    if (!status)
        return lathe_data_adopt(pixels, labels,
            &(lathe_memory_opts){ .name = set->name,
                .count = total,
                .channels = 3,
                .height = 32,
                .width = 32,
                .classes = set->classes,
                .class_names = set->class_names,
                .mean = set->mean,
                .std = set->std });
    lathe_free(pixels);
    lathe_free(labels);
    return NULL;
}

static lathe_dataset *open_set(const lathe_cifar *set, const char *dir, lathe_split split)
{
    if (split != LATHE_SPLIT_TRAIN && split != LATHE_SPLIT_TEST) {
        lathe_fail(LATHE_EARG, "%s: split %d is neither train nor test", set->name, (int)split);
        return NULL;
    }
    char *folder = lathe_data_place(dir, set->name);
    if (!folder) return NULL;
    lathe_data_file files[FILES];
    size_t records[FILES];
    int count = 0;
    lathe_status status = LATHE_OK;
    for (; set->files[split][count] && !status; count++) {
        files[count] = (lathe_data_file)LATHE_DATA_NO_FILE;
        status = open_file(set, folder, set->files[split][count], &files[count], &records[count]);
    }
    lathe_dataset *data = status ? NULL : read_files(set, files, records, count);
    for (int i = 0; i < count; i++) lathe_data_file_close(&files[i]);
    lathe_free(folder);
    return data;
}

lathe_dataset *lathe_data_cifar10(const char *dir, lathe_split split)
{
    return open_set(&cifar10, dir, split);
}

lathe_dataset *lathe_data_cifar100(const char *dir, lathe_split split)
{
    return open_set(&cifar100, dir, split);
}

static lathe_dataset *open_cifar10(const char *argument, lathe_split split, const lathe_data_opts *opts)
{
    return lathe_data_fixed("cifar10", opts, 32, 3) ? NULL : lathe_data_cifar10(argument, split);
}

static lathe_dataset *open_cifar100(const char *argument, lathe_split split, const lathe_data_opts *opts)
{
    return lathe_data_fixed("cifar100", opts, 32, 3) ? NULL : lathe_data_cifar100(argument, split);
}

const lathe_data_source lathe_cifar10_source = {
    .name = "cifar10",
    .argument = "[DIR]",
    .help = "60,000 colour pictures, 32x32, 10 classes: the binary version",
    .open = open_cifar10,
};

const lathe_data_source lathe_cifar100_source = {
    .name = "cifar100",
    .argument = "[DIR]",
    .help = "60,000 colour pictures, 32x32, 100 classes: the binary version",
    .open = open_cifar100,
};
