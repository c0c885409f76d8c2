#!/usr/bin/env python3
"""A worker for deadletter's embedded queues, with Python's standard library alone.

    worker.py [--server URL] [--lease SECONDS] QUEUE

The server is DEADLETTER_SERVER or http://127.0.0.1:8025; a token is taken from DEADLETTER_TOKEN. It
works until it is told to end (SIGTERM, Ctrl-C), and finishes what it has in hand first, and what is given to it in
that moment.
"""
import argparse
import http.client
import json
import os
import random
import signal
import socket
import ssl
import sys
import threading
import urllib.parse

WAIT_SECONDS = 20  # for a message to come; the server allows no more
ANSWER_SECONDS = 10  # for an answer beyond that
LONGEST_PAUSE_SECONDS = 30
# What the platform's row says while there is work to do; None: there is no row, or the server only observes and does not look.
UNDONE = (None, "scheduled", "running")


def say(text):
    print(text, file=sys.stderr, flush=True)


class Refused(Exception):
    """The server has answered, and not as we had hoped."""

    def __init__(self, status, detail, retry_after):
        super().__init__(f"{status}: {detail}")
        self.status = status
        self.retry_after = retry_after

    def passes(self):
        """Whether the same call may go through later."""
        return self.status in (429, 500, 502, 503, 504)


class Unreachable(Exception):
    """Nobody knows whether the server has heard us."""


class CannotDo(Exception):
    """This work is not for us, or cannot be done as it is."""


class LeaseLost(Exception):
    """The message is somebody else's by now, or dead."""


class Waiting:
    """A call that waits for work: a signal's handler ends the wait, and its answer is still read."""

    def __init__(self, stop):
        self.stop = stop
        self.socket = None

    def begin(self, connected):
        self.socket = connected
        if self.stop.is_set():
            self.end()

    def end(self):
        """Says that we send nothing more: the server gives nothing then, or has given already. That cannot be said in TLS."""
        if self.socket is None or isinstance(self.socket, ssl.SSLSocket):
            return
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it is gone already


class Server:
    def __init__(self, url, token):
        self.url = url.rstrip("/")
        self.place = urllib.parse.urlsplit(self.url)
        kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
        self.kind = kinds.get(self.place.scheme)
        if self.kind is None or not self.place.hostname:
            sys.exit(f"worker.py: {url} is no http:// or https:// address of a server")
        self.headers = {"Content-Type": "application/json"}
        if token:
            self.headers["Authorization"] = f"Bearer {token}"

    def post(self, path, body, wait_seconds=0, waiting=None):
        data = json.dumps(body, allow_nan=False).encode()
        connection = self.kind(self.place.hostname, self.place.port, timeout=wait_seconds + ANSWER_SECONDS)
        try:
            connection.request("POST", self.place.path + path, data, self.headers)
            if waiting is not None:
                waiting.begin(connection.sock)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status in (200, 201):
                return json.loads(text)
        except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: cut short
            raise Unreachable(f"{self.url}: {error}") from None
        finally:
            if waiting is not None:
                waiting.socket = None
            connection.close()
        try:
            detail = json.loads(text)["detail"]
        except (ValueError, KeyError, TypeError):  # not the server's own words: a proxy's, perhaps
            detail = answer.reason
        seconds = answer.getheader("Retry-After", "")
        raise Refused(answer.status, detail, int(seconds) if seconds.isdigit() else None)


class Patience:
    """Longer and longer pauses, each a little different, so that workers do not come all at once."""

    def __init__(self):
        self.seconds = 0.5

    def pause(self, stop, error):
        wanted = getattr(error, "retry_after", None)
        self.seconds = min(2 * self.seconds, LONGEST_PAUSE_SECONDS)
        seconds = (wanted or self.seconds) * random.uniform(0.8, 1.2)
        say(f"{error}; once more in {seconds:.1f} s")
        stop.wait(seconds)


class Lease:
    """Keeps a delivery ours while we work on it, on a thread of its own."""

    def __init__(self, server, delivery, seconds):
        self.server = server
        self.place = "/v1/deliveries/" + delivery["id"]
        self.seconds = seconds
        self.lost = threading.Event()
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.extend, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()

    def extend(self):
        while not self.done.wait(self.seconds / 3):
            try:
                self.server.post(self.place + "/extend", {"lease": self.seconds})
            except Refused as error:
                if not error.passes():
                    self.lost.set()
                    return
            except Unreachable:
                pass  # there is time for another try or two

    def answer(self, what, body):
        """The same answer until it is taken: what was done already does no harm a second time."""
        patience = Patience()
        while True:
            try:
                return self.server.post(f"{self.place}/{what}", body)
            except Refused as error:
                if error.status in (404, 409):
                    raise LeaseLost(str(error)) from None
                if not error.passes():
                    raise CannotDo(str(error)) from None
                patience.pause(self.done, error)
            except Unreachable as error:
                patience.pause(self.done, error)


# ---- what this worker can do: an action's name, and what it makes of the payload


def echo(config, lease):
    return {"said": config}


def sleep(config, lease):
    seconds = config.get("seconds") if isinstance(config, dict) else None
    if not isinstance(seconds, (int, float)) or not 0 <= seconds <= 3600:
        raise CannotDo("seconds must be a number from 0 to 3600")
    if lease.lost.wait(seconds):
        raise LeaseLost("while asleep")
    return {"slept": seconds}


ACTIONS = {"core.echo": echo, "core.sleep": sleep}


def config_of(delivery):
    body = delivery["body"]
    if body["encoding"] == "json":
        envelope = body["value"]
    elif body["encoding"] == "text":  # JSON too, but nested deeper than the server shows it
        try:
            envelope = json.loads(body["value"])
        except (ValueError, RecursionError):
            raise CannotDo("the body is not JSON") from None
    else:
        raise CannotDo("the body is not text")
    try:
        return envelope["payload"]["config"]
    except (KeyError, TypeError):
        raise CannotDo("there is no payload.config") from None


def acknowledge(lease, result, standing):
    """409 to a result has three causes. A server that only observes (executions.mode) takes none, and knows of no row either: the
    work is done, and without the acknowledgement somebody would do it again. Where there is a row, something has renewed it, and
    nobody's message would end the execution: rejected, the message is kept, and a person sees it. Or the lease was lost: the
    second answer is 409, too."""
    try:
        return lease.answer("ack", {"result": result})
    except LeaseLost as error:
        if standing is not None:
            raise CannotDo(str(error)) from None
        answer = lease.answer("ack", {})
        say(f"its result is not recorded: {error}")
        return answer


def work_on(server, delivery, lease_seconds):
    execution = delivery["execution_id"]  # a string: no reader of JSON can spoil a large number
    with Lease(server, delivery, lease_seconds) as lease:
        try:
            if delivery["execution_status"] not in UNDONE:
                lease.answer("ack", {})
                say(f"execution {execution} is {delivery['execution_status']} already")
                return
            action = ACTIONS.get(delivery["action"])
            if action is None:
                raise CannotDo(f"there is no action {delivery['action']!r} here")
            result = action(config_of(delivery), lease)
            if execution is None:
                answer = lease.answer("ack", {})
            else:
                answer = acknowledge(lease, result, delivery["execution_status"])
            say(f"execution {execution}: {json.dumps(answer)}")
        except LeaseLost as error:
            say(f"execution {execution}: the lease was lost: {error}")
        except Exception as error:  # whatever it is, the next message is another one
            say(f"execution {execution} is rejected: {error}")
            try:
                lease.answer("reject", {"requeue": False})
            except LeaseLost as too_late:
                say(f"execution {execution}: the lease was lost: {too_late}")
            except CannotDo as too_late:
                say(f"execution {execution} is not even rejected: {too_late}")


def main():
    parser = argparse.ArgumentParser(description="A worker for deadletter's embedded queues.")
    parser.add_argument("queue")
    parser.add_argument("--server", default=os.environ.get("DEADLETTER_SERVER", "http://127.0.0.1:8025"))
    parser.add_argument("--lease", type=int, default=30, metavar="SECONDS")
    arguments = parser.parse_args()
    server = Server(arguments.server, os.environ.get("DEADLETTER_TOKEN"))
    path = f"/v1/queues/{urllib.parse.quote(arguments.queue, safe='')}/lease"
    stop = threading.Event()
    waiting = Waiting(stop)

    def end(*_):
        stop.set()
        waiting.end()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    patience = Patience()
    say(f"working on {arguments.queue}")
    while not stop.is_set():
        try:
            asked = {"max": 1, "lease": arguments.lease, "wait": WAIT_SECONDS}
            answer = server.post(path, asked, WAIT_SECONDS, waiting)
            patience = Patience()
        except Refused as error:
            if error.status in (400, 401, 403):  # no patience mends that
                sys.exit(f"worker.py: {error}")
            patience.pause(stop, error)
            continue
        except Unreachable as error:
            patience.pause(stop, error)
            continue
        for delivery in answer["deliveries"]:  # also what came while we were told to end
            work_on(server, delivery, arguments.lease)


if __name__ == "__main__":
    main()
