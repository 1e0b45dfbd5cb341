"""sync, verify, repair, backup and restore as a user runs them, with signals and full disks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from index import Index, make_article
from index.encoder import models
from index.maintenance.check import verify
from qa.cli.main import main
from tests.fakes import WordEmbedder

ROOT = Path(__file__).parents[2]

ADD = """
import sys
from index import Index, make_article
from tests.fakes import WordEmbedder
with Index.open(sys.argv[1], embedder=WordEmbedder()) as index:
    print("begun", flush=True)
    index.add_articles(
        make_article(f"Der Text {n} ist lang. " * 20, source=f"x{n}", language="de")
        for n in range(2000)
    )
    print("done", flush=True)
"""


def _json(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    main([*map(str, arguments), "--json"])
    value = json.loads(capsys.readouterr().out)
    assert isinstance(value, dict)
    return value


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


class TestCommands:
    def test_sync(self, copied: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        folder = tmp_path / "articles"
        folder.mkdir()
        (folder / "a.txt").write_text("Der Quappenteich ist zwölf Meter tief.", "utf-8")
        said = _json(capsys, "sync", folder, "--index", copied, "--dry-run")
        assert said["dry_run"]
        assert len(said["added"]) == 1
        assert main(["sync", str(folder), "--index", str(copied)]) == 0
        out = capsys.readouterr().out.splitlines()
        assert out[0].startswith("added   ")
        assert out[0].endswith("/a.txt")
        assert out[-1] == "1 added; 1 new passage"
        (folder / "a.txt").unlink()
        assert main(["sync", str(folder), "--index", str(copied)]) == 3
        assert "--allow-empty" in capsys.readouterr().err
        (folder / "b.txt").write_bytes(b"")
        (folder / "c.txt").write_text("Der Hecht wiegt drei Kilogramm.", "utf-8")
        assert main(["sync", str(folder), "--index", str(copied)]) == 3
        captured = capsys.readouterr()
        assert captured.out.splitlines()[-1] == "1 added, 1 removed, 1 failed; 1 new passage"
        assert "b.txt: " in captured.err

    def test_verify_and_repair(self, copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["verify", "--index", str(copied)]) == 0
        assert capsys.readouterr().out.rstrip().endswith("all sound")
        assert _json(capsys, "verify", "--index", copied)["sound"] is True
        assert main(["repair", "--index", str(copied)]) == 0
        assert capsys.readouterr().out == "nothing is damaged\n"
        path = next(copied.glob("segments/*/vectors.npy"))
        _flip(path)
        assert main(["verify", "--index", str(copied)]) == 3
        assert f"damaged: segments/{path.parent.name}/vectors.npy: " in capsys.readouterr().out
        report = _json(capsys, "verify", "--index", copied)
        assert not report["sound"]
        assert main(["repair", "--index", str(copied)]) == 0
        assert "1 were embedded anew; 0 lost" in capsys.readouterr().out
        assert main(["verify", "--index", str(copied)]) == 0

    def test_verify_reads_the_model_too(
        self, copied: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(models, "damaged_files", lambda: (Path("models/x/model.safetensors"),))
        assert main(["verify", "--index", str(copied)]) == 3
        assert "damaged: models/x/model.safetensors: does not match" in capsys.readouterr().out

    def test_backup_and_restore(
        self, copied: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file, new = tmp_path / "b.tar", tmp_path / "new"
        assert main(["backup", str(file), "--index", str(copied)]) == 0
        assert "read again and compared" in capsys.readouterr().out
        assert main(["restore", str(file), "--index", str(copied)]) == 3
        assert "not empty" in capsys.readouterr().err
        restored = _json(capsys, "restore", file, "--index", new)
        assert restored["articles"] == _json(capsys, "status", "--index", copied)["articles"]
        question = ["query", "Wie hoch wurde Scale AI bewertet?"]
        assert main([*question, "--index", str(new)]) == 0
        assert "\nQuellen\n[1] " in capsys.readouterr().out


class TestInterruption:
    @pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGINT])
    def test_what_was_committed_is_whole_and_not_embedded_again(
        self, tmp_path: Path, signum: signal.Signals
    ) -> None:
        folder = tmp_path / "index"
        process = subprocess.Popen(
            [sys.executable, "-c", ADD, str(folder)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        with process:
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n"
            _wait_for_segments(folder, 3)
            process.send_signal(signum)
            assert process.stdout.read() == ""
        report = verify(folder)
        assert not report.damage
        assert report.articles >= 64
        assert report.articles % 64 == 0, "whole batches"
        with Index.open(folder, embedder=WordEmbedder()) as opened:
            again = opened.add_articles(
                make_article(f"Der Text {n} ist lang. " * 20, source=f"x{n}", language="de")
                for n in range(report.articles + 10)
            )
        assert len(again.unchanged) == report.articles
        assert len(again.added) == 10
        assert not verify(folder).damage

    def test_ctrl_c_says_what_is_there(self, copied: Path, tmp_path: Path) -> None:
        articles = tmp_path / "many"
        articles.mkdir()
        for n in range(150):
            (articles / f"{n}.txt").write_text(f"Der Text {n} steht hier. " * 40, "utf-8")
        before = len(list((copied / "segments").iterdir()))
        process = subprocess.Popen(
            [sys.executable, "-m", "qa", "--index", str(copied), "sync", str(articles)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        with process:
            _wait_for_segments(copied, before + 1)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
        assert process.returncode == 130
        assert err.startswith("qa: interrupted; no article is half stored; the index holds ")
        assert "articles and " in err
        assert not verify(copied).damage


def _wait_for_segments(folder: Path, number: int) -> None:
    for _ in range(1200):
        if (folder / "segments").is_dir() and len(list((folder / "segments").iterdir())) >= number:
            return
        time.sleep(0.05)
    raise AssertionError("no segment was written in a minute")


class TestDisk:
    def test_a_full_disk_is_told_and_loses_nothing(self, tmp_path: Path) -> None:
        """A limit on the size of a file, which is refused as a full disk is."""
        folder = tmp_path / "index"
        with Index.open(folder, embedder=WordEmbedder()) as opened:
            opened.add_articles([make_article("Da ist es.", source="first", language="de")])
        code = """if True:
            import resource, signal, sys
            from index import Index, IndexFolderError, make_article
            from tests.fakes import WordEmbedder
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            with Index.open(sys.argv[1], embedder=WordEmbedder()) as index:
                size = int(sys.argv[2])
                resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
                try:
                    index.add_articles(
                        [make_article(f"Der Text {n} ist lang und " * 200, source=f"x{n}", language="de")
                        for n in range(60)]
                    )
                except IndexFolderError as error:
                    print(error)
                resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
                print(len(index.articles()), len(index.search("Da ist es")))
                index.add_articles([make_article("Nun geht es.", source="new", language="de")])
                print(len(index.articles()))
        """
        for size in (20_000, 150_000):  # too small for the arrays; for the record alone
            done = subprocess.run(
                [sys.executable, "-c", code, str(folder), str(size)],
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=60,
            )
            message, before, after = done.stdout.splitlines()
            assert "What was stored before is untouched" in message, done.stderr
            assert before.startswith("1 " if size == 20_000 else "2 ")
            assert after == "2"
            assert not verify(folder).damage

    def test_a_folder_that_may_only_be_read(self, tmp_path: Path) -> None:
        folder = tmp_path / "index"
        with Index.open(folder, embedder=WordEmbedder()) as opened:
            opened.add_articles([make_article("Da ist es.", source="first", language="de")])
        with Index.open(folder, embedder=WordEmbedder()):
            pass  # the last one that may write takes the log away
        code = """if True:
            import os, sys
            from pathlib import Path
            from index import Index, IndexFolderError, make_article
            from index.maintenance.check import verify
            from tests.fakes import WordEmbedder
            # What is imported late has to be there before the interpreter may no longer be read.
            with Index.open(sys.argv[2], embedder=WordEmbedder()) as index:
                index.add_articles([make_article("Warm.", source="warm", language="de")])
                index.search("Da ist es"), index.status(), index.verify()
            if os.geteuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            folder = sys.argv[1]
            with Index.open(folder, embedder=WordEmbedder(), read_only=True) as index:
                print(len(index.search("Da ist es")), index.status().articles)
            print(len(verify(Path(folder)).damage))
            try:
                with Index.open(folder, embedder=WordEmbedder()) as index:
                    index.add_articles([make_article("Neu.", source="new", language="de")])
            except IndexFolderError as error:
                print(error)
        """
        paths = [folder, *folder.rglob("*")]
        try:
            for path in paths:
                path.chmod(0o555 if path.is_dir() else 0o444)
            for parent in tmp_path.parents:
                if parent.stat().st_uid == os.geteuid() and parent.name.startswith("pytest"):
                    parent.chmod(0o755)
            tmp_path.chmod(0o755)
            done = subprocess.run(
                [sys.executable, "-c", code, str(folder), str(tmp_path / "warm")],
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=60,
            )
        finally:
            for path in paths:
                path.chmod(0o700 if path.is_dir() else 0o600)
        found, damage, error = done.stdout.splitlines() or [done.stderr, "", ""]
        assert found == "1 1"
        assert damage == "0"
        assert "written" in error
