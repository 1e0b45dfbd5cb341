"""The server's socket, its settings, and its end, which comes whatever is running."""

from __future__ import annotations

import ipaddress
import multiprocessing
import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import uvicorn

from index import UsageError
from index.translation import text

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from starlette.types import ASGIApp

GRACE_SECONDS = 2
"""For requests that are being answered when the server is to end."""

END_SECONDS = 4.0
"""Then it ends, whatever still runs: the index is written so that it may stop anywhere."""

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]", "::1")
MAX_CONNECTIONS = 800
MAX_HEADERS = 65_536


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def host_names(host: str) -> list[str]:
    """The names that requests may be addressed to, against pages that rebind their own name to us.

    Bound to every address, the server cannot know its names. The password protects it there: a
    browser does not send it to a site that only pretends to be this one.
    """
    if host in ("0.0.0.0", "::"):
        return ["*"]
    names = {host, f"[{host}]"} if ":" in host else {host}
    if is_loopback(host):
        return sorted(names.union(LOOPBACK_NAMES))
    return sorted(names | {socket.gethostname(), socket.getfqdn()})


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 takes any free one. Raises UsageError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(
            text(
                "{host}, port {port}: {reason}. Choose another with --port",
                host=host,
                port=port,
                reason=reason,
            )
        ) from error


def run(application: ASGIApp, listener: socket.socket, clean_up: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM, and be gone within five seconds then.

    ``clean_up`` is called where a request does not end in time, and the process ends at once.
    """
    config = uvicorn.Config(
        application,
        http="h11",  # it bounds the size of headers and addresses
        ws="none",
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MAX_CONNECTIONS,
        h11_max_incomplete_event_size=MAX_HEADERS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    if threading.current_thread() is threading.main_thread():
        # A service manager's end is like Ctrl-C, so that the uploads' folder goes too.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):  # uvicorn has ended in order by then
        _EndingServer(config, clean_up).run(sockets=[listener])


class _EndingServer(uvicorn.Server):
    """Threads cannot be stopped, and Python waits for them at its end: so there is a last call."""

    def __init__(self, config: uvicorn.Config, clean_up: Callable[[], None]) -> None:
        super().__init__(config)
        self._clean_up = clean_up
        self._last_call: threading.Timer | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._last_call is None:
            self._last_call = threading.Timer(END_SECONDS, self._end_at_once)
            self._last_call.daemon = True
            self._last_call.start()
        super().handle_exit(sig, frame)

    def _end_at_once(self) -> None:
        print(
            text(
                "Fundstelle: ended while a request was running. What an addition had not stored "
                "by then is to be added again."
            ),
            file=sys.stderr,
            flush=True,
        )
        for child in multiprocessing.active_children():
            child.kill()
        with suppress(OSError):
            self._clean_up()
        os._exit(0)
