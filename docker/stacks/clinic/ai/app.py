"""A stand-in for an AI service as found: lists its folder to everybody, and logs the headers it gets."""
import http.server
import os

os.chdir("/app")


class App(http.server.SimpleHTTPRequestHandler):
    def end_headers(self):
        self.send_header("Access-Control-Allow-Origin", self.headers.get("Origin", "*"))
        super().end_headers()


print("starting with DATABASE_URL", os.environ.get("DATABASE_URL"), flush=True)
print("debug: Authorization: Bearer", os.environ.get("AWS_SECRET_ACCESS_KEY"), flush=True)
http.server.ThreadingHTTPServer(("0.0.0.0", 5000), App).serve_forever()
