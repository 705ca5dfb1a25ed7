"""What the tests of `lathe serve` share: pictures, runs, a server, and clients on plain sockets."""
import asyncio
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import zlib

SKIPPED = 77
work = tempfile.TemporaryDirectory()


def fail(text):
    sys.exit("FAILED: " + text)


def expect(fact, text):
    if not fact:
        fail(text)


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width, height, pixel, channels=1):
    """pixel(x, y) gives a byte, or `channels` of them."""
    rows = b"".join(b"\0" + b"".join(bytes([pixel(x, y)]) if channels == 1 else bytes(pixel(x, y)) for x in range(width))
                    for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, {1: 0, 3: 2}[channels], 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def picture(seed):
    return png(20, 16, lambda x, y: (seed * 37 + x * 11 + y * (seed % 7 + 3)) % 256)


def pgm(left, right):
    return b"P5 8 8 255\n" + bytes(left if x % 8 < 4 else right for x in range(64))


def lathe(program, *words):
    done = subprocess.run([program, *words], cwd=work.name, capture_output=True, text=True)
    expect(done.returncode == 0, "lathe %s: %s" % (" ".join(words), done.stderr))
    return done.stdout


def write(name, data):
    path = os.path.join(work.name, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)
    return path


def train(program, name="run", *words):
    """A run on generated shapes, in a second."""
    words = words or ("--data", "shapes", "--model", "lenet5", "--train-count", "320")
    lathe(program, "train", *words, "--max-steps", "8", "--quiet", "--out", name)
    return name


class Server:
    def __init__(self, program, run, *words, environment=None):
        self.process = subprocess.Popen([program, "serve", run, "--port", "0", *words], cwd=work.name, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})})
        line = self.process.stdout.readline()
        found = re.search(r"http://([0-9.]+):(\d+)/", line)
        if not found:
            error = self.process.communicate()[1]
            if "LATHE_HTTP=ON" in error:
                print("SKIPPED: built without libmicrohttpd")
                sys.exit(SKIPPED)
            fail("no address: %s%s" % (line, error))
        self.host, self.port = found.group(1), int(found.group(2))
        self.line = line

    def end(self, told=False):
        """Tell it to end, if it was not told yet (a second signal ends at once). Returns what it printed at the end."""
        if not told and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            out, error = self.process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            fail("the server does not end")
        expect(self.process.returncode == 0, "the server ended with %d: %s" % (self.process.returncode, error[-3000:]))
        expect(not error, "the server wrote to stderr: " + error[-3000:])
        return out

    def connect(self):
        return socket.create_connection((self.host, self.port), timeout=60)

    def raw(self, data, close=False):
        """Send bytes on a connection of their own; returns all that comes until its end."""
        with self.connect() as s:
            try:
                s.sendall(data)
                if close:
                    s.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            answer = b""
            while True:
                try:
                    part = s.recv(65536)
                except OSError:
                    break
                if not part:
                    return answer
                answer += part
        return answer

    def ask(self, method, path, body=b"", headers=(), host=None):
        """Returns status, headers and body."""
        lines = ["%s %s HTTP/1.1" % (method, path), "Host: " + (host or "127.0.0.1:%d" % self.port), "Connection: close"]
        if body or method == "POST":
            lines.append("Content-Length: %d" % len(body))
        lines += headers
        answer = self.raw("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        head, _, rest = answer.partition(b"\r\n\r\n")
        status = head.split(b" ")
        expect(len(status) > 1, "%s %s: no answer: %r" % (method, path, answer[:100]))
        return int(status[1]), head.decode(), rest

    def json(self, method, path, body=b"", headers=(), status=200):
        got, _, rest = self.ask(method, path, body, headers)
        expect(got == status, "%s %s: %d, expected %d: %r" % (method, path, got, status, rest[:300]))
        return json.loads(rest)

    def predict(self, body, query="", headers=(), status=200):
        return self.json("POST", "/predict" + query, body, headers, status)

    def metric(self, name):
        _, _, text = self.ask("GET", "/metrics")
        found = re.search(r"^%s (\S+)$" % re.escape(name), text.decode(), re.M)
        return float(found.group(1)) if found else None


def form(parts, boundary="XyZ", end=True):
    """parts: (field, file name or None, bytes)"""
    body = b""
    for field, name, data in parts:
        body += ("--%s\r\nContent-Disposition: form-data; name=\"%s\"%s\r\n\r\n" % (
            boundary, field, "; filename=\"%s\"" % name if name else "")).encode() + data + b"\r\n"
    if end:
        body += ("--%s--\r\n" % boundary).encode()
    return body, ["Content-Type: multipart/form-data; boundary=" + boundary]


async def read_answer(reader):
    """One answer of a connection that stays: status, body and whether the server will close it."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(re.search(rb"(?i)content-length: (\d+)", head).group(1))
    return int(head.split(b" ")[1]), await reader.readexactly(length), b"connection: close" in head.lower()


def post(body, path="/predict?top=1", host="127.0.0.1"):
    return ("POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n" % (path, host, len(body))).encode() + body
