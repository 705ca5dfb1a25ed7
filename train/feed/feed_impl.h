/* Private: what the files of the feed share. */
#ifndef LATHE_TRAIN_FEED_FEED_IMPL_H
#define LATHE_TRAIN_FEED_FEED_IMPL_H

#include "feed.h"

/** Open the training data and choose the training and validation sets. Errors: those of lathe_feed_new. */
lathe_status lathe_feed_open_parts(lathe_feed *feed, const lathe_feed_opts *opts);

/** Open the test set. Give messages about pictures that were left out or are in two sets. */
lathe_status lathe_feed_open_test(lathe_feed *feed, const lathe_feed_opts *opts);

#endif
