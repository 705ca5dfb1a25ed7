"""
What clients may do to `lathe serve`: broken uploads, hostile pictures, slow clients, clients that leave. After each
of them, and beside each of them, it answers as before. usage: faults.py LATHE
"""
import os
import random
import socket
import struct
import sys
import time
import zlib

from common import Server, chunk, expect, fail, form, picture, png, post, train

program = sys.argv[1]
train(program)
server = Server(program, "run", "--max-megabytes", "1", "--max-connections", "40", "--timeout", "2")
want = server.predict(picture(1))["predictions"]
asked = 1


def still_well(what):
    global asked
    asked += 1
    got = server.predict(picture(1))["predictions"]
    same = [a["class"] == b["class"] and abs(a["probability"] - b["probability"]) < 1e-5 for a, b in zip(got, want)]
    expect(len(got) == len(want) and all(same), "after %s it answers otherwise: %r" % (what, got))


def status_of(answer):
    return int(answer.split(b" ")[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def send(what, data, statuses, close=False):
    """statuses: those that are right; 0: the connection ends without an answer."""
    got = status_of(server.raw(data, close))
    expect(got in statuses, "%s: %d, expected %s" % (what, got, statuses))
    still_well(what)


def broken_uploads():
    body = picture(2)
    head = "POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
    whole = (head + "Content-Length: %d\r\n\r\n" % len(body)).encode() + body
    send("a whole one", whole, [200])
    for cut in (10, 40, len(whole) - len(body), len(whole) - 1):
        send("%d bytes of a request" % cut, whole[:cut], [0], close=True)
    for length in ("x", "-1", "1e3", "99999999999999999999999", "0x10", ""):
        send("Content-Length: " + length, (head + "Content-Length: %s\r\n\r\n" % length).encode() + body, [0, 400, 413], close=True)
    send("a length that is too short", (head + "Content-Length: 20\r\n\r\n").encode() + body, [400])
    send("a huge length", (head + "Content-Length: 9999999999\r\n\r\n").encode() + body, [413])
    send("a huge length that is waited for", (head + "Expect: 100-continue\r\nContent-Length: 1100000\r\n\r\n").encode(), [413])
    chunked = head + "Transfer-Encoding: chunked\r\n\r\n"
    good = b"".join(b"%x\r\n" % len(body[i:i + 7]) + body[i:i + 7] + b"\r\n" for i in range(0, len(body), 7)) + b"0\r\n\r\n"
    send("chunks", chunked.encode() + good, [200])
    send("chunks without an end", chunked.encode() + good[:-5], [0, 400], close=True)
    send("a chunk of a wrong length", chunked.encode() + b"zz\r\n" + body, [0, 400], close=True)
    send("a chunk of a huge length", chunked.encode() + b"ffffffffffffffff\r\n" + body, [0, 400, 413], close=True)
    send("endless chunks", chunked.encode() + b"10000\r\n" + b"x" * 65536 + b"\r\n" + (b"10000\r\n" + b"y" * 65536 + b"\r\n") * 80,
         [0, 413], close=True)
    for name, (data, kind) in {"whole": form([("f", "a", body)]), "no end": form([("f", "a", body)], end=False)}.items():
        text = (head + kind[0] + "\r\nContent-Length: %d\r\n\r\n" % len(data)).encode() + data
        send("a form, " + name, text, [200] if name == "whole" else [400])
        for cut in range(len(text) - len(data), len(text), 61):
            data_cut = data[:cut - len(text) + len(data)]
            cut_text = (head + kind[0] + "\r\nContent-Length: %d\r\n\r\n" % len(data_cut)).encode() + data_cut
            got = status_of(server.raw(cut_text))
            expect(got in (200, 400), "a form cut after %d bytes: %d" % (len(data_cut), got))
    still_well("cut forms")
    rng = random.Random(7)
    data, kind = form([("f", "a", body), ("top", None, b"2"), ("g", "b", body)])
    for _ in range(60):
        wild = bytearray(data)
        for _ in range(rng.randint(1, 6)):
            wild[rng.randrange(len(wild))] = rng.randrange(256)
        got = status_of(server.raw((head + kind[0] + "\r\nContent-Length: %d\r\n\r\n" % len(wild)).encode() + bytes(wild)))
        expect(got in (200, 400), "a form with wrong bytes: %d" % got)
    still_well("wild forms")
    for line in (b"\0\0\0\0\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 500,
                 b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
                 b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 20000 + b"\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
        status_of(server.raw(line, close=True))
        still_well("a request of %r" % line[:20])


def hostile_pictures():
    """Those of the project's folder where it is there, else some that are made here."""
    wild = [b"", b"\x89PNG\r\n\x1a\n", b"P5 99999 99999 255\n", b"P6 -1 -1 255\n", b"BM" + b"\xff" * 200, b"\xff\xd8\xff" + b"\xff" * 3000,
            b"GIF89a" + b"\0" * 50, b"P5 8 8 255\n" + b"x" * 10]
    huge = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 6, 0, 0, 0))
    wild += [huge + chunk(b"IDAT", zlib.compress(b"\0" * 100000)) + chunk(b"IEND", b"")]
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 5000, 5000, 8, 2, 0, 0, 0))
    wild += [bomb + chunk(b"IDAT", zlib.compress(b"\0" * (5000 * 15001), 9)) + chunk(b"IEND", b"")]
    rng = random.Random(3)
    for i in range(60):
        data = bytearray(picture(i))
        for _ in range(rng.randint(1, 8)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        wild.append(bytes(data))
        wild.append(picture(i)[:rng.randrange(200)])
    folder = os.environ.get("LATHE_HOSTILE", "")
    for place, _, names in os.walk(folder):
        wild += [open(os.path.join(place, name), "rb").read() for name in sorted(names)][:400]
    for i, data in enumerate(wild):
        if len(data) > 1 << 20:
            continue
        status, _, rest = server.ask("POST", "/predict", data)
        expect(status in (200, 400), "hostile picture %d: %d %r" % (i, status, rest[:200]))
        if i % 25 == 0:
            still_well("hostile picture %d" % i)
    for first in range(0, len(wild), 60):
        data, kind = form([("f", str(i), one) for i, one in enumerate(wild[first:first + 60]) if len(one) < 15000])
        if len(data) < 1 << 20:
            status, _, _ = server.ask("POST", "/predict", data, kind)
            expect(status in (200, 400), "hostile pictures together: %d" % status)
    still_well("hostile pictures")
    return len(wild)


def slow_clients():
    """Forty that send a byte now and then take all seats; others get in, and the slow ones are cut off."""
    head = post(picture(1))
    slow = [server.connect() for _ in range(40)]
    for i, s in enumerate(slow):
        s.sendall(head[:1] if i % 2 else head[:-5])
    still_well("slow clients, beside them")
    began, left = time.monotonic(), list(slow)
    while left and time.monotonic() - began < 20:
        for s in list(left):
            try:
                s.sendall(b"x" if s is not left[0] else b"")
                s.setblocking(False)
                if s.recv(100) == b"":
                    left.remove(s)
                s.setblocking(True)
            except BlockingIOError:
                s.setblocking(True)
            except OSError:
                left.remove(s)
        time.sleep(0.1)
    expect(not left, "%d slow clients are still connected" % len(left))
    for s in slow:
        s.close()
    still_well("slow clients")


def clients_that_leave():
    """At any moment of a request, and before they read the answer; also by reset."""
    body, kind = form([("f", str(i), picture(i)) for i in range(30)])
    whole = ("POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\nContent-Length: %d\r\n\r\n" % (kind[0], len(body))).encode() + body
    rng = random.Random(5)
    for i in range(120):
        s = server.connect()
        s.sendall(whole if i % 3 else whole[:rng.randrange(len(whole))])
        if i % 2:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if i % 5 == 0:
            time.sleep(0.002)
        s.close()
    still_well("clients that leave")
    for _ in range(100):
        if server.metric("lathe_connections") == 1 and server.metric("lathe_body_bytes") == 0:
            break
        time.sleep(0.05)
    else:
        fail("connections or bodies stay: %s, %s" % (server.metric("lathe_connections"), server.metric("lathe_body_bytes")))
    with server.connect() as s: # two requests at once on a connection, then a third
        s.sendall(post(picture(1)) + post(picture(1)))
        got = b""
        while got.count(b"HTTP/1.1 200") < 2 or got.count(b"]}\n") < 2:
            part = s.recv(65536)
            expect(part, "two requests on a connection: %r" % got)
            got += part


broken_uploads()
count = hostile_pictures()
slow_clients()
clients_that_leave()
expect(server.metric("lathe_waiting_pictures") == 0, "pictures wait")
server.end()
print("%d hostile pictures; in between %d requests were answered as before" % (count, asked))
