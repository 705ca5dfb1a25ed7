"""`lathe health` against servers that are ready, not ready, silent, and not there. usage: health.py LATHE"""
import http.server
import json
import os
import socket
import subprocess
import sys
import threading

lathe = sys.argv[1]
status = 200


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(status if self.path == "/v2/health/ready" else 404)
        self.end_headers()

    def log_message(self, *_):
        pass


def health(*words, **environment):
    done = subprocess.run([lathe, "health", *words], capture_output=True, text=True, timeout=30,
                          env=dict(os.environ, **environment))
    return done.returncode, done.stdout, done.stderr


def expect(result, code, text):
    if result[0] != code or text not in result[1] + result[2]:
        sys.exit(f"{result}, not {code} with '{text}'")


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
port = str(server.server_port)
threading.Thread(target=server.serve_forever, daemon=True).start()
expect(health("--port", port), 0, "ready\n")
expect(health(AIP_HTTP_PORT=port), 0, "ready\n")
version = subprocess.run([lathe, "--version"], capture_output=True, text=True).stdout
if "\nJSON      cJSON" in version:
    answer = health("--port", port, "--json")
    if json.loads(answer[1]) != {"ready": True, "status": 200}:
        sys.exit(answer)
status = 503
expect(health("--port", port), 1, f"lathe: health: port {port} is not ready: 503\n")
server.shutdown()
server.server_close()
expect(health("--port", port), 1, f"lathe: health: port {port}: Connection refused\n")
expect(health("--port", "0"), 2, "not a whole number from 1 to 65535")
expect(health(AIP_HTTP_PORT="http"), 2, "AIP_HTTP_PORT 'http' in the environment is not a port")

silent = socket.socket()
silent.bind(("127.0.0.1", 0))
silent.listen()
port = str(silent.getsockname()[1])
expect(health("--port", port, "--timeout", "1"), 1, f"lathe: health: port {port} does not answer\n")
