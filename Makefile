# make ask  answers a question over the example articles; make test runs the tests.
# Either sets up all it needs in .venv.

PYTHON ?= python3
Q ?= Wie hoch wurde Scale AI bewertet?
VENV := .venv
BIN := $(VENV)/bin
EXAMPLES := .fundstelle/examples

.PHONY: ask test test-page test-durability test-hostile check format eval bench bench-embed bench-lexical bench-scale clean help

ask: $(EXAMPLES)/articles.db
	@$(BIN)/qa --index $(EXAMPLES) query "$(Q)"

test: $(VENV)/.dev
	$(BIN)/python -m pytest --ignore=tests/browser

test-page: $(VENV)/.dev
	$(BIN)/python -m pytest tests/browser

test-durability: $(VENV)/.dev
	$(BIN)/python -m tests.durability

test-hostile: $(VENV)/.dev
	$(BIN)/python -m tests.hostile

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

eval: $(VENV)/.installed
	$(BIN)/python -m bench.retrieval

bench: $(VENV)/.installed
	$(BIN)/python -m bench.peers

bench-embed: $(VENV)/.installed
	$(BIN)/python -m bench.embed

bench-lexical: $(VENV)/.installed
	$(BIN)/python -m bench.lexical

bench-scale: $(VENV)/.installed
	$(BIN)/python -m bench.store

$(EXAMPLES)/articles.db: $(VENV)/.installed $(wildcard examples/articles/*)
	@$(BIN)/qa --index $(EXAMPLES) add examples/articles
	@touch $@

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) .fundstelle build *.egg-info

help:
	@echo 'make ask [Q="..."]  answer a question over examples/articles'
	@echo 'make test           run the tests, but for those of the page in a browser'
	@echo 'make test-page      the page in Chromium, as people use it'
	@echo 'make test-durability  every promise of the store; goes on where it was stopped'
	@echo 'make test-hostile   bad input of every kind, and what becomes of it'
	@echo 'make check          formatting, lint and types'
	@echo 'make eval           retrieval quality on XQuAD-R'
	@echo 'make bench          the library beside its peers: speed, memory, disk, the right paragraph'
	@echo 'make bench-embed    embedding speed beside sentence-transformers'
	@echo 'make bench-lexical  BM25 beside rank_bm25 and bm25s'
	@echo 'make bench-scale    searches, opening and memory at 10,000, 100,000 and 1,000,000 passages'
