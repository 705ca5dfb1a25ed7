/*
 * Numbers and texts that are good arguments: a row for each that is not the usual one (1, "text"). A place is "function.parameter", or
 * ".parameter" of all functions; of numbers also another part of it, and the longest row that fits counts.
 */
#ifndef LATHE_TESTS_USUAL_H
#define LATHE_TESTS_USUAL_H

typedef struct number {
    const char *place;
    double value;
} number;

static const number numbers[] = {
    { "lathe_alloc_fail_at.nth", 0 }, { "lathe_file_fail_at.nth", 0 },
    { "lathe_gemm.lda", 4 }, { "lathe_gemm.ldb", 4 }, { "lathe_gemm.ldc", 4 }, { "lathe_gemm.m", 2 }, { "lathe_gemm.n", 2 }, { "lathe_gemm.k", 2 },
    { "lathe_trained_loader.workers", 0 }, /* they would outlive their data */
    { ".classes", 4 }, { ".in_channels", 3 }, { ".out_channels", 4 }, { ".in_features", 4 }, { ".out_features", 4 }, { "lathe_nn_batch_norm.channels", 3 },
    { ".kernel", 2 }, { "lathe_nn_conv2d.kernel", 3 }, { "lathe_nn_local_response_norm.size", 3 }, { "lathe_text_put_n.count", 0 },
    { "lathe_tensor_read.count", 384 }, { "lathe_tensor_write.count", 384 }, { "lathe_tensor_read_grad.count", 384 },
    { "lathe_backward_from.count", 384 }, { "lathe_safetensors_get.count", 4 }, { ".digits", 4 }, { ".gamma", 0.5 }, { "lathe_nn_dropout.p", 0.5 },
    { "lathe_dropout.p", 0.5 }, { ".steps_per_epoch", 10 }, { ".room", 4 }, { ".size", 4 }, { "lathe_calibration_bins.count", 15 },
    { "lathe_transforms_scratch.channels", 3 }, { "lathe_transforms_scratch.height", 8 }, { "lathe_transforms_scratch.width", 8 },
    { "lathe_transforms_size.channels", 3 }, { "lathe_data_shapes.count", 8 }, { "lathe_tape_record.inputs", 1 }, { "lathe_tape_of.inputs", 1 }, { "lathe_tape_records.inputs", 1 },
    { "lathe_writer_open.position", 0 }, { "lathe_writer_cut.position", 0 }, { "lathe_optim_hold.change", 0 }, { ".group", 0 }, { ".tensor", 0 },
    { ".slot", 0 }, { "lathe_file_read.limit", 1 << 20 }, { "lathe_file_join.size", 4096 }, { "lathe_summary_text.size", 4096 }, { ".index", 0 },
    { "lathe_loader_order.position", 0 }, { "lathe_loader_seek.epoch", 0 }, { "lathe_pr_curve.room", 1024 }, { "lathe_reshape.channels", 3 },
    { "lathe_settings_sched.run_steps", 100 }, { "lathe_run_preview.steps", 20 }, { "lathe_history_read_first.steps", 0 },
    { "lathe_history_read_first.epochs", 0 }, { "lathe_picture_decode.size", 70 }, { "lathe_subsample.channels", 3 },
    { "lathe_nn_subsample.channels", 3 }, { "lathe_gradcheck.count", 1 }, { "lathe_confusion_class.class_number", 0 }, { ".class_number", 0 }, { "lathe_lr_read.smoothing", 0.5 },
};

static const char *const texts[][2] = {
    { "lathe_file_read.path", "there" }, { "lathe_file_remove.path", "gone" }, { "lathe_file_make_folder.path", "folder" },
    { "lathe_fields_set.name", "lr" }, { "lathe_fields_set.text", "0.5" }, { "lathe_fields_find.name", "lr" },
    { "lathe_safetensors_read.path", "weights" }, { "lathe_run_load.path", "run/last.safetensors" }, { "lathe_safetensors_find.name", "w" },
    { "lathe_safetensors_text.key", "key" }, { "lathe_run_read_settings.resume", "run" }, { "lathe_history_read.folder", "run" },
    { "lathe_history_read_first.folder", "run" }, { "lathe_settings_set.key", "lr" }, { "lathe_settings_set.text", "0.5" },
    { "lathe_setting_find.key", "lr" }, { "lathe_settings_read.path", "run/config.ini" }, { "lathe_settings_length.text", "10" },
    { "lathe_data_csv.path", "table.csv" }, { "lathe_data_csv.file", "table.csv" }, { "lathe_data_masks.dir", "masked" }, { "lathe_data_find.path", "picture.ppm" },
    { "lathe_metric_from_text.text", "accuracy" }, { "lathe_metric_from_text.spec", "accuracy" }, { "lathe_compare_read.folder", "compared" }, { "lathe_trained_open.run", "run" },
    { "lathe_trained_open.weights", "last" }, { ".baseline", "constant" },
    { "lathe_data_open.spec", "mnist:" }, { "lathe_data_mnist.dir", "data" }, { "lathe_data_fashion_mnist.dir", "data" },
    { "lathe_data_cifar10.dir", "cifar" }, { "lathe_data_cifar100.dir", "cifar100" }, { "lathe_data_folder.dir", "classes" }, { "lathe_transforms_parse.spec", "hflip" },
    { "lathe_data_idx.pictures", "data/train-images-idx3-ubyte" }, { "lathe_data_idx.labels", "data/train-labels-idx1-ubyte" },
    { "lathe_sched_from_text.text", "warmup:10,constant" }, { "lathe_sched_text_types.text", "constant" },
    { "lathe_sched_option_field.key", "t_max" }, { "lathe_model_build.name", "tiny" }, { "lathe_model_find.name", "tiny" },
    { "lathe_nn_find.path", "0.weight" }, { "lathe_nn_find_layer.path", "0" }, { "lathe_loss_find.name", "cross_entropy" },
    { "lathe_metric_find.name", "accuracy" }, { "lathe_optim_find.name", "adamw" }, { "lathe_sched_find.name", "cosine" },
    { "lathe_parse_double.text", "1.5" }, { "lathe_parse_int64.text", "15" }, { "lathe_picture_read.path", "picture.ppm" },
    { "lathe_run_next_folder.parent", "runs" }, { ".folder", "run" }, { "lathe_safetensors_load.prefix", "" }, { "lathe_fail_name.name", "nam" }, { ".format", "text" },
};

#endif
