#include "seats.h"

#include <sys/socket.h>

#include <lathe/lathe.h>

#include "../command.h"

static cli_seat *find_awaited(cli_seats *seats, int socket)
{
    pthread_mutex_lock(&seats->lock);
    cli_seat *seat = seats->first;
    while (seat && !(seat->awaited && seat->socket == socket)) seat = seat->next;
    if (seat) seat->awaited = false;
    pthread_mutex_unlock(&seats->lock);
    return seat;
}

cli_seat *cli_seats_add(cli_seats *seats, int socket, bool awaited)
{
    cli_seat *seat = awaited ? NULL : find_awaited(seats, socket);
    if (seat) return seat;
    seat = lathe_alloc(1, sizeof *seat);
    if (!seat) return NULL;
    seat->socket = socket;
    seat->awaited = awaited;
    seat->since = cli_seconds();
    pthread_mutex_lock(&seats->lock);
    seat->next = seats->first;
    if (seat->next) seat->next->previous = seat;
    seats->first = seat;
    seats->count++;
    pthread_mutex_unlock(&seats->lock);
    return seat;
}

void cli_seats_remove(cli_seats *seats, cli_seat *seat)
{
    if (!seat) return;
    pthread_mutex_lock(&seats->lock);
    if (seat->next) seat->next->previous = seat->previous;
    if (seat->previous) seat->previous->next = seat->next;
    else seats->first = seat->next;
    seats->count--;
    pthread_mutex_unlock(&seats->lock);
    lathe_free(seat);
}

void cli_seats_set(cli_seats *seats, cli_seat *seat, cli_seat_state state)
{
    if (!seat) return;
    pthread_mutex_lock(&seats->lock);
    seat->state = state;
    seat->since = cli_seconds();
    pthread_mutex_unlock(&seats->lock);
}

int cli_seats_count(cli_seats *seats)
{
    pthread_mutex_lock(&seats->lock);
    const int count = seats->count;
    pthread_mutex_unlock(&seats->lock);
    return count;
}

int cli_seats_in(cli_seats *seats, cli_seat_state state)
{
    int count = 0;
    pthread_mutex_lock(&seats->lock);
    for (const cli_seat *seat = seats->first; seat; seat = seat->next) count += seat->state == state;
    pthread_mutex_unlock(&seats->lock);
    return count;
}

void cli_seats_close(cli_seats *seats, cli_seat_state state, double seconds)
{
    const double now = cli_seconds();
    pthread_mutex_lock(&seats->lock); /* the web server closes a socket after it was removed here */
    for (cli_seat *seat = seats->first; seat; seat = seat->next)
        if (seat->state == state && now - seat->since > seconds) shutdown(seat->socket, SHUT_RDWR);
    pthread_mutex_unlock(&seats->lock);
}
