"""Counting what a question costs: statements, rows and terms, within the watched stretch alone."""

from __future__ import annotations

import sqlite3

from bench.count_question import Counts, connections_counted, terms_counted
from index.search import searcher
from index.text import analysis


def test_statements_and_rows_count_while_watched() -> None:
    counts = Counts()
    with connections_counted(counts) as watch:
        connection = sqlite3.connect(":memory:")
        connection.execute("CREATE TABLE t (a)")
        connection.executemany("INSERT INTO t VALUES (?)", [(1,), (2,), (3,)])
        with watch():
            assert len(connection.execute("SELECT a FROM t").fetchall()) == 3
            assert len(list(connection.execute("SELECT a FROM t LIMIT 2"))) == 2
            assert connection.execute("SELECT a FROM t WHERE a = 9").fetchone() is None
        connection.execute("SELECT a FROM t").fetchall()
        connection.close()
    assert (counts.statements, counts.rows) == (3, 5)


def test_terms_count_by_whatever_name_they_are_called() -> None:
    counts = Counts()
    with terms_counted(counts):
        assert vars(searcher)["terms"]("Die Brücke", "de") == analysis.terms("Die Brücke", "de")
        analysis.terms("Der Turm", "de")
    analysis.terms("Die Brücke", "de")
    figures = counts.table()
    assert figures["calls of terms"] == 3
    assert figures["… with different texts"] == 2
