"""The files that the page is made of: scripts, styles, pictures."""

from __future__ import annotations

import os
from pathlib import Path, PurePath

from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).with_name("static")
PLACE = "/static/page"

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
"""What is served, and as what: a machine's own list may call a script plain text, and a browser
then runs none. The template of the page is not among them."""


def assets(folder: Path = FOLDER) -> Mount:
    """The route to the files, which go out packed where the browser takes them so."""
    return Mount(PLACE, GZipMiddleware(_Assets(directory=folder)))


class _Assets(StaticFiles):
    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        kind = TYPES.get(PurePath(full_path).suffix)
        if kind is None:
            raise HTTPException(404)
        response = super().file_response(full_path, stat_result, scope, status_code)
        if response.status_code == 200:
            response.headers["Content-Type"] = kind
        # Names stay the same from version to version, so a browser asks whether it has the newest.
        response.headers["Cache-Control"] = "no-cache"
        return response
