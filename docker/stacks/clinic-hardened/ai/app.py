"""A stand-in for an imaging-AI service: answers /health when its database does, over verified TLS."""
import http.server
import json
import os
import pathlib

import psycopg2


def database_answers() -> bool:
    password = pathlib.Path(os.environ["DB_PASSWORD_FILE"]).read_text().strip()
    try:
        connection = psycopg2.connect(
            host=os.environ["DB_HOST"], dbname=os.environ["DB_NAME"], user=os.environ["DB_USER"], password=password,
            sslmode=os.environ["DB_SSLMODE"], sslrootcert=os.environ["DB_SSLROOTCERT"], connect_timeout=2)
    except psycopg2.Error as problem:
        print("database:", type(problem).__name__, flush=True)
        return False
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    connection.close()
    return True


class Triage(http.server.BaseHTTPRequestHandler):
    server_version, sys_version = "triage", ""

    def do_GET(self):
        if self.path != "/health":
            return self.answer(401, {"error": "authentication required"})
        healthy = database_answers()
        return self.answer(200 if healthy else 503, {"healthy": healthy})

    def answer(self, status, body):
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_):
        """Paths may name patients: nothing is logged."""


http.server.ThreadingHTTPServer(("0.0.0.0", 8000), Triage).serve_forever()
