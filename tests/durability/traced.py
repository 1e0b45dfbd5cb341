"""Whether the layer sees what the system sees: the same work under the layer and under strace."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.durability import children
from tests.durability.check import open_index, scratch
from tests.durability.disk import Op
from tests.durability.layer import Layer, step_name
from tests.durability.workload import carry_out, make_plan

CALLS = {
    "fsync": "sync",
    "fdatasync": "sync",
    "unlink": "unlink",
    "unlinkat": "unlink",
    "mkdir": "mkdir",
    "ftruncate": "truncate",
    "write": "write",
    "pwrite64": "write",
}
# The call, the file of a descriptor, a name (in that folder, if there is one), what is returned.
LINE = re.compile(r"\d+ +(\w+)\((?:\d+<([^>]*)>)?(?:(?:, )?\"([^\"]*)\")?[^=]*\) = (\d+)$")


def can_trace() -> bool:
    """Whether strace is there and may trace."""
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True).returncode == 0


def by_layer() -> tuple[list[str], Counter[str]]:
    """The names of the operations in their order, without the writings; and bytes by file."""
    found: tuple[list[str], Counter[str]] = children.call(_by_layer)
    return found


def _by_layer() -> tuple[list[str], Counter[str]]:
    with scratch() as root:
        layer = Layer(root)
        layer.install()
        _work(root)
        return _summary(layer.ops)


def by_system() -> tuple[list[str], Counter[str]]:
    """The same by what the system was called for."""
    with scratch() as folder:
        (folder / "root").mkdir()
        trace = f"trace={','.join(CALLS)}"
        command = ["strace", "-f", "-y", "-s", "0", "-e", trace, "-o", f"{folder}/calls"]
        work = [sys.executable, "-m", "tests.durability.traced", f"{folder}/root"]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        subprocess.run(
            [*command, *work],
            check=True,
            env=environment,
            cwd=Path(__file__).parents[2],
            capture_output=True,
        )
        ops, folders = list[Op](), set[Path]()
        for line in (folder / "calls").read_text().splitlines():
            if (found := LINE.match(line)) is None or "AT_REMOVEDIR" in line:
                continue
            call, size = found[1], int(found[4])
            named = CALLS[call] in ("unlink", "mkdir")
            path = Path(found[2] or "", found[3] if named else "")
            if not path.is_relative_to(folder / "root"):
                continue
            kind = CALLS[call]
            if kind == "mkdir":
                folders.add(path)  # it may be gone by now
            if kind == "sync" and (path in folders or path.is_dir()):
                kind = "syncdir"
            data = bytes(size) if kind == "write" else b""
            ops.append(Op(kind, str(path.relative_to(folder / "root")), 0, data))
        return _summary(ops)


def _summary(ops: list[Op]) -> tuple[list[str], Counter[str]]:
    order, sizes = list[str](), Counter[str]()
    for op in ops:
        # The index of the log is never forced to the disk, and not watched.
        if (op.kind not in CALLS.values() and op.kind != "syncdir") or op.path.endswith("-shm"):
            continue
        if op.kind == "write":
            if "held-by" not in op.path:  # names the program, which is another one here
                sizes[step_name(op)] += len(op.data)
        else:
            order.append(step_name(op))
    return order, sizes


def _work(root: Path) -> None:
    index = open_index(root / "index")
    for step in make_plan("traced", 6).steps:
        index = carry_out(step, index, lambda: None, lambda: open_index(root / "index"))
    index.close()


if __name__ == "__main__":
    _work(Path(sys.argv[1]))
