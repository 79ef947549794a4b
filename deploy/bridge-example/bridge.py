#!/usr/bin/env python3
"""A minimal bridge between a platform's client and Zhiban. Standard library only.

A line on standard input, `BUYER TEXT`, stands for a buyer's message on the platform; what is
printed stands for what would be typed into the platform's client. Replace `read_platform` and
`send_on_platform`; keep the rest, which is what the protocol asks of a bridge:

* an event gets its `webhook-id` once, is on disk before it is sent, and stays there until it
  was answered 200 (or can never be taken), so that neither side's restart loses or doubles it;
* the same id and the same body are sent again after 429, 5xx and silence;
* what comes from Zhiban is taken once per `webhook-id`, however often it is delivered.

Settings come from the environment: ZHIBAN_URL, ZHIBAN_SHOP, ZHIBAN_SECRET (whsec_…), and
optionally ZHIBAN_OUTBOUND_SECRET, BRIDGE_PORT (default 9000), BRIDGE_SPOOL (a file).
"""

import base64
import hashlib
import hmac
import json
import os
import sqlite3
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

URL = os.environ.get("ZHIBAN_URL", "http://127.0.0.1:8080").rstrip("/")
SHOP = os.environ["ZHIBAN_SHOP"]
SECRET = os.environ["ZHIBAN_SECRET"]
OUTBOUND_SECRET = os.environ.get("ZHIBAN_OUTBOUND_SECRET", SECRET)
PORT = int(os.environ.get("BRIDGE_PORT", "9000"))
SPOOL = os.environ.get("BRIDGE_SPOOL", "bridge-spool.sqlite")
TOLERANCE_S = 300
LONGEST_PAUSE_S = 60


def signature(secret: str, delivery_id: str, timestamp: str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{delivery_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


class Spool:
    """Events that Zhiban has not confirmed, and the ids of deliveries that we have taken."""

    def __init__(self, path: str) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS events (n INTEGER PRIMARY KEY, id TEXT, body BLOB)"
        )
        self._db.execute("CREATE TABLE IF NOT EXISTS taken (id TEXT PRIMARY KEY, at_s INTEGER)")
        self.changed = threading.Event()

    def add(self, body: bytes) -> None:
        with self._lock:
            self._db.execute(
                "INSERT INTO events (id, body) VALUES (?, ?)", (uuid.uuid4().hex, body)
            )
        self.changed.set()

    def first(self) -> tuple[int, str, bytes] | None:
        with self._lock:
            return self._db.execute("SELECT n, id, body FROM events ORDER BY n LIMIT 1").fetchone()

    def remove(self, n: int) -> None:
        with self._lock:
            self._db.execute("DELETE FROM events WHERE n = ?", (n,))

    def was_taken(self, delivery_id: str) -> bool:
        with self._lock:
            found = self._db.execute("SELECT 1 FROM taken WHERE id = ?", (delivery_id,)).fetchone()
        return found is not None

    def note_taken(self, delivery_id: str) -> None:
        with self._lock:
            now_s = int(time.time())
            self._db.execute("INSERT OR IGNORE INTO taken VALUES (?, ?)", (delivery_id, now_s))
            self._db.execute("DELETE FROM taken WHERE at_s < ?", (now_s - 3 * 86_400,))


def report(spool: Spool, kind: str, data: dict[str, str]) -> None:
    """Tell Zhiban that something has happened on the platform, now."""
    at = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    event = {"type": kind, "timestamp": at, "data": data}
    spool.add(json.dumps(event, ensure_ascii=False).encode())


def post(delivery_id: str, body: bytes) -> tuple[bool, int]:
    """One attempt: whether the event is done with, and how many seconds to wait if not."""
    timestamp = str(int(time.time()))  # a new one for each attempt; id and body stay the same
    request = urllib.request.Request(
        f"{URL}/hooks/bridge/{SHOP}",
        data=body,
        headers={
            "content-type": "application/json",
            "webhook-id": delivery_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": signature(SECRET, delivery_id, timestamp, body),
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=15):
            return True, 0
    except urllib.error.HTTPError as error:
        said = error.read(500).decode("utf-8", "replace")
        print(f"! {error.code} {said}", file=sys.stderr)
        if error.code in (400, 409, 413):
            return True, 0  # it will never be taken: look at it, do not send it again
        retry_after = error.headers.get("retry-after", "")
        return False, int(retry_after) if retry_after.isdigit() else 1
    except OSError as error:
        print(f"! {error}", file=sys.stderr)
        return False, 1


def send_all(spool: Spool) -> None:
    """Send the events in order, each until it is confirmed."""
    pause_s = 1
    while True:
        spool.changed.clear()
        event = spool.first()
        if event is None:
            spool.changed.wait()
            continue
        n, delivery_id, body = event
        done, wait_s = post(delivery_id, body)
        if done:
            spool.remove(n)
            pause_s = 1
        else:
            time.sleep(max(wait_s, pause_s))
            pause_s = min(LONGEST_PAUSE_S, pause_s * 2)


class FromZhiban(BaseHTTPRequestHandler):
    """What Zhiban delivers: messages for buyers, and who holds which session."""

    spool: Spool

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        delivery_id = self.headers.get("webhook-id", "")
        timestamp = self.headers.get("webhook-timestamp", "")
        expected = signature(OUTBOUND_SECRET, delivery_id, timestamp, body)
        given = self.headers.get("webhook-signature", "").split(" ")
        fits = any(hmac.compare_digest(expected.encode(), one.encode()) for one in given)
        if not fits or not timestamp.isdigit() or abs(time.time() - int(timestamp)) > TOLERANCE_S:
            self.send_error(401)
            return
        if not self.spool.was_taken(delivery_id):
            event = json.loads(body)
            if event["type"] == "message.send":
                send_on_platform(self.spool, event["data"])
            else:
                print(f"* {event['type']} {json.dumps(event['data'], ensure_ascii=False)}")
            self.spool.note_taken(delivery_id)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing: what matters is printed."""


def send_on_platform(spool: Spool, message: dict[str, str]) -> None:
    """Replace this: make the platform's client send it. An exception means: deliver it again."""
    print(f"> {message['buyer']}: {message.get('text') or message['kind']}", flush=True)
    # The platform shows it back under an id of its own. `echo_of` says that it is ours.
    echo = {
        "buyer": message["buyer"],
        "message": f"platform-{uuid.uuid4().hex}",
        "sub_account": message["sub_account"],
        "kind": message["kind"],
        "by": message["by"],
        "echo_of": message["message"],
    }
    report(spool, "message.sent", echo | {k: message[k] for k in ("text", "order") if k in message})


def read_platform(spool: Spool) -> None:
    """Replace this: watch the platform's client, and report what happens there."""
    for line in sys.stdin:
        buyer, _, text = line.strip().partition(" ")
        if text:
            data = {"buyer": buyer, "message": f"platform-{uuid.uuid4().hex}", "kind": "text"}
            report(spool, "message.received", data | {"text": text})


def main() -> None:
    spool = FromZhiban.spool = Spool(SPOOL)
    threading.Thread(target=send_all, args=(spool,), daemon=True).start()
    threading.Thread(target=read_platform, args=(spool,), daemon=True).start()
    print(f"bridge of {SHOP}: {URL} <-> http://127.0.0.1:{PORT}/", file=sys.stderr)
    try:
        ThreadingHTTPServer(("127.0.0.1", PORT), FromZhiban).serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
