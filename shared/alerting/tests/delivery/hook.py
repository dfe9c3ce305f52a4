"""A webhook that does what a script says, and tells each request that it took as a line of JSON.

The script is JSON: {"port", "tls": bool, "cert", "key", "answers": [status | "hang" | "close"],
"hold": seconds before each answer}. When the answers are used up it answers 204.
"""

import http.server
import json
import ssl
import sys
import time

script = json.loads(sys.argv[1])


def tell(**fields):
    print(json.dumps(fields), flush=True)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        answers = script.get("answers", [])
        answer = answers.pop(0) if answers else 204
        tell(
            event="taken" if answer == 204 else "refused",
            path=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
        )
        if answer == "hang":
            time.sleep(3600)
        time.sleep(script.get("hold", 0))
        if answer == "close":
            self.close_connection = True
            return
        self.send_response(answer)
        if 300 <= answer < 400:
            self.send_header("Location", "/elsewhere")
        if answer == 429:
            self.send_header("Retry-After", "1")
        # As many servers do, it repeats what it was asked for.
        said = f"Cannot POST {self.path}".encode() if answer >= 400 else b""
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", script.get("port", 0)), Handler)
server.daemon_threads = True
if script.get("tls"):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(script["cert"], script["key"])
    server.socket = context.wrap_socket(server.socket, server_side=True)
tell(event="ready", port=server.server_address[1])
server.serve_forever()
