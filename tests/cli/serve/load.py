"""
`lathe serve` under load and at its end: 200 clients at once, each answer checked, and SIGTERM in the middle. A request
is lost if its connection was made and no whole answer came. usage: load.py LATHE [CLIENTS REQUESTS]
"""
import asyncio
import json
import os
import signal
import sys

from common import Server, expect, picture, post, read_answer, train

program = sys.argv[1]
CLIENTS = int(sys.argv[2]) if len(sys.argv) > 2 else 200
REQUESTS = int(sys.argv[3]) if len(sys.argv) > 3 else 10
PICTURES = 16


class Tally:
    def __init__(self):
        self.sent = self.answered = self.lost = self.wrong = self.refused = 0
        self.example = ""  # of a wrong answer

    def __str__(self):
        return "%d requests sent, %d answered, %d lost, %d wrong%s" % (
            self.sent, self.answered, self.lost, self.wrong, self.example and ": " + self.example)


def is_right(answer, want):
    got = json.loads(answer)["predictions"][0]
    return got["class"] == want["class"] and abs(got["probability"] - want["probability"]) < 1e-5


async def client(server, number, requests, want, tally, stays):
    """One request after the other, on one connection or on a new one each; ends when nobody listens any more."""
    connection = None
    for i in range(requests):
        which = (number * 7 + i) % PICTURES
        try:
            connection = connection or await asyncio.open_connection(server.host, server.port)
        except ConnectionRefusedError:
            tally.refused += 1
            return
        tally.sent += 1
        reader, writer = connection
        try:
            writer.write(post(picture_of[which]))
            await writer.drain()
            status, answer, closes = await read_answer(reader)
        except (OSError, asyncio.IncompleteReadError):
            tally.lost += 1
            writer.close()
            connection = None
            continue
        tally.answered += 1
        right = status == 200 and is_right(answer, want[which])
        tally.wrong += not right
        if not right:
            tally.example = "%d %s" % (status, answer[:200])
        if closes or not stays:
            writer.close()
            connection = None
    if connection:
        connection[1].close()


async def run(server, want, requests, after=None):
    """All clients; after some seconds the server is told to end."""
    tally = Tally()
    clients = [asyncio.create_task(client(server, i, requests, want, tally, i % 2)) for i in range(CLIENTS)]
    if after is not None:
        await asyncio.sleep(after)
        os.kill(server.process.pid, signal.SIGTERM)
    await asyncio.gather(*clients)
    return tally


def start(*words):
    server = Server(program, "run", *words)
    return server, [server.predict(picture_of[i], "?top=1")["predictions"][0] for i in range(PICTURES)]


picture_of = [picture(i) for i in range(PICTURES)]
train(program)
one, known = start()
whole = asyncio.run(run(one, known, REQUESTS))
expect(whole.answered == CLIENTS * REQUESTS, "under load: %s" % whole)
expect(whole.lost == whole.wrong == 0, "under load: %s" % whole)
expect(one.metric("lathe_pictures_total") == whole.answered + PICTURES, "the server counts otherwise")
one.end()
print("%d clients: %s" % (CLIENTS, whole))

ends = Tally()
for seconds, seats in ((0.05, 512), (0.2, 30), (0.4, 512)):
    one, known = start("--max-connections", str(seats))
    tally = asyncio.run(run(one, known, 100000, after=seconds))
    expect(tally.lost == tally.wrong == 0, "SIGTERM after %g s: %s" % (seconds, tally))
    expect(tally.refused == CLIENTS, "SIGTERM: %d clients saw the end" % tally.refused)
    one.end(told=True)
    ends.sent += tally.sent
    ends.answered += tally.answered
print("SIGTERM in the middle, three times: %s" % ends)
