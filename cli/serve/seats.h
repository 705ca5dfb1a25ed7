/*
 * The connections of the server and what each is doing, so that clients that send slowly cannot keep others
 * out, and so that the end waits for whoever has a request here.
 */
#ifndef LATHE_CLI_SERVE_SEATS_H
#define LATHE_CLI_SERVE_SEATS_H

#include <pthread.h>
#include <stdbool.h>

typedef enum cli_seat_state {
    CLI_SEAT_IDLE,    /* has sent nothing since its last answer, or an unfinished header */
    CLI_SEAT_READING, /* sends a body */
    CLI_SEAT_BUSY     /* waits for its answer */
} cli_seat_state;

/** A connection. */
typedef struct cli_seat {
    struct cli_seat *next, *previous;
    int socket;
    bool awaited; /* the web server has not begun with it */
    cli_seat_state state;
    double since; /* in cli_seconds */
} cli_seat;

/** All of them. Zeros and a lock are none. */
typedef struct cli_seats {
    pthread_mutex_t lock;
    cli_seat *first;
    int count;
} cli_seats;

/**
 * A new connection, or one that was awaited; NULL without memory.
 * awaited  the web server will begin with it later, and then call this function again
 */
cli_seat *cli_seats_add(cli_seats *seats, int socket, bool awaited);

/** The end of one. NULL is fine. */
void cli_seats_remove(cli_seats *seats, cli_seat *seat);

/** What it does from now on. NULL is fine. */
void cli_seats_set(cli_seats *seats, cli_seat *seat, cli_seat_state state);

int cli_seats_count(cli_seats *seats);

/** Connections in this state. */
int cli_seats_in(cli_seats *seats, cli_seat_state state);

/** Close connections that are in this state for longer than `seconds`. */
void cli_seats_close(cli_seats *seats, cli_seat_state state, double seconds);

#endif
