/*
 * Your own training loop with what `lathe train` gives: a run folder with steps.csv, epochs.csv, checkpoints
 * and the page. A run that is stopped resumes to the same bits. Three parts do the work and do not know each
 * other: the feed gives batches, the learner makes steps, the keeper writes and restores.
 *
 *     07_your_own_loop FOLDER [STOP]      resumes what is in FOLDER; STOP: save and end after so many steps
 */
#include <lathe/lathe.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A small net of your own, for pictures [1, 28, 28]. */
static lathe_layer *net_new(lathe_model *model, int classes)
{
    return lathe_nn_sequential(model,
        lathe_nn_conv2d(model, 1, 8, 3, &(lathe_nn_conv2d_opts){ .stride = 2, .padding = 1 }),
        lathe_nn_batch_norm(model, 8, NULL),
        lathe_nn_relu(model),
        lathe_nn_flatten(model), /* [B, 8 * 14 * 14] */
        lathe_nn_dropout(model, 0.2),
        lathe_nn_linear(model, 8 * 14 * 14, classes, NULL),
        NULL);
}

/* The loop: at most 40 lines. */
static void train(lathe_feed *feed, lathe_learner *learner, lathe_keeper *keeper, uint64_t steps,
    uint64_t stop)
{
    lathe_batch batch;
    lathe_step_row step;
    lathe_score score;
    lathe_loader *judge = lathe_feed_loader(feed, feed->val, true);
    while (keeper->step < steps) {
        while (lathe_feed_next(feed, &batch)) {
            lathe_learner_step(learner, &batch, &step);
            lathe_keeper_step(keeper, &step);
            if (keeper->step == stop) { /* within an epoch */
                lathe_keeper_save(keeper, false);
                lathe_loader_free(judge);
                return;
            }
        }
        lathe_epoch_row epoch = { .epoch = step.epoch, .step = keeper->step, .seconds = (double)NAN };
        epoch.images_per_second = (double)NAN;
        lathe_learner_epoch(learner, &epoch);
        lathe_learner_evaluate(learner, judge, NULL, &score);
        epoch.val_loss = score.loss;
        memcpy(epoch.val, score.metric, sizeof epoch.val);
        lathe_keeper_epoch(keeper, &epoch);
        if (!(epoch.val[0] <= keeper->best)) lathe_keeper_best(keeper, epoch.val[0], epoch.epoch);
        lathe_keeper_save(keeper, false);
        printf("epoch %d  loss %.4f  validation accuracy %.2f %%\n",
            (int)epoch.epoch + 1,
            epoch.train_loss,
            100 * epoch.val[0]);
    }
    lathe_keeper_end(keeper, &(lathe_ending){ .how = "complete" });
    lathe_loader_free(judge);
}

int main(int argc, char **argv)
{
    lathe_on_error(lathe_die);
    const char *folder = argc > 1 ? argv[1] : "runs/own-loop";
    const uint64_t stop = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;

    lathe_feed *feed = lathe_feed_new(&(lathe_feed_opts){ .data = "shapes",
        .train_count = 1024,
        .val_split = 0.1,
        .augment = "rotate:10",
        .batch_size = 32,
        .seed = 1 });
    lathe_model *model = lathe_model_new();
    lathe_layer *net = net_new(model, feed->data->classes);
    lathe_nn_init(net, 42);
    const uint64_t steps = 4 * feed->batches;
    lathe_optim *optim = lathe_optim_adamw(lathe_nn_params(net), &(lathe_adamw_opts){ .lr = 3e-3 });
    lathe_sched *sched = lathe_sched_cosine(optim, &(lathe_cosine_opts){ .t_max = steps });
    lathe_task *task = lathe_task_new(&(lathe_task_opts){ .data = feed->data,
        .transforms = feed->transforms,
        .loss = lathe_loss_find("cross_entropy") });
    lathe_learner *learner =
        lathe_learner_new(net, optim, sched, task, &(lathe_learner_opts){ .clip_norm = 1, .seed = 7 });

    lathe_keeper *keeper = lathe_keeper_new(
        &(lathe_keeper_opts){ .folder = folder, .resume = folder, .metrics = task->type->metrics });
    lathe_keeper_add(keeper, lathe_learner_state(learner));
    lathe_keeper_add(keeper, lathe_feed_state(feed));
    lathe_keeper_open(keeper);
    printf("%s after step %d\n", keeper->resumed ? "resumed" : "begun", (int)keeper->step);

    train(feed, learner, keeper, steps, stop);
    char page[1024];
    snprintf(page, sizeof page, "%s/report.html", folder);
    lathe_report_history(&keeper->history, "my own loop", page);
    printf("%d steps, curves in %s\n", (int)keeper->step, page);

    lathe_keeper_free(keeper);
    lathe_learner_free(learner);
    lathe_task_free(task);
    lathe_sched_free(sched);
    lathe_optim_free(optim);
    lathe_model_free(model);
    lathe_feed_free(feed);
    return lathe_error() != LATHE_OK;
}
