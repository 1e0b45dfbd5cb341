"""The page's server as ``qa serve`` runs it, over an index without models: a child of the tests.

``python -m tests.hostile.serve FOLDER``. Prints its address, then its routes and functions as
JSON. Two questions are not asked but obeyed: one keeps its thread, one breaks.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
import time
from typing import Any

from starlette.routing import Mount, Route

import app
from index import Index
from qa.web import answers
from qa.web.running import listen, run
from qa.web.uploads import private_uploads
from tests.fakes import WordEmbedder

KEEP_THREAD = "Bleibe, wo du bist"
BREAK = "Zerbrich"
SECRET_REASON = "reason-that-only-the-log-may-hold"

_ask = vars(answers)["ask"]


def _obey(question: str, index: Index, **options: Any) -> Any:
    if question == KEEP_THREAD:
        time.sleep(3_600)
    if question == BREAK:
        raise ZeroDivisionError(SECRET_REASON)
    return _ask(question, index, **options)


def _routes(routes: list[Any], prefix: str = "") -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []
    for route in routes:
        if isinstance(route, Mount):
            found += _routes(list(route.routes), prefix + route.path)
        elif hasattr(route, "original_router"):  # FastAPI's, for a router that was included
            found += _routes(list(route.original_router.routes), prefix)
        elif isinstance(route, Route) or hasattr(route, "methods"):
            found.append((prefix + route.path, sorted(route.methods or [])))
    return found


def _end_with_the_tests() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Serve until a signal, or until the tests are gone: they hold our standard input open."""
    threading.Thread(target=_end_with_the_tests, daemon=True).start()
    vars(answers)["ask"] = _obey
    with (
        listen("127.0.0.1", 0) as listener,
        private_uploads(quota=int(sys.argv[2])) as uploads,
        Index.open(sys.argv[1], embedder=WordEmbedder()) as index,
    ):
        application = app.create_app(index, uploads)
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        print(json.dumps(_routes(list(application.routes))), flush=True)
        print(uploads.folder, flush=True)
        run(application, listener, lambda: shutil.rmtree(uploads.folder))


if __name__ == "__main__":
    main()
