# Build a Large Language Model from Scratch
#
#   make book     the book as PDF and HTML, every number derived anew where something changed
#   make test     every check: style, types, layers, spelling, package, notebooks
#
# Both set up what is missing. VENV=/path/to/venv uses an environment that you keep yourself.
# Tests run in WORKERS processes of one thread each.

VENV      ?= .venv
NOTEBOOKS ?= $(shell $(PY) book/tools/notebooks.py)
PY        := $(VENV)/bin/python
WORKERS   ?= 2
TOOLS     := PYTHONPATH=$(CURDIR)/code:$(CURDIR)/book/_ext PYTHONHASHSEED=0
# A file stays in one process: fixtures of a module are made once, a notebook has one kernel.
PARALLEL  := -n $(WORKERS) --dist loadscope
NBVAL     = -m pytest $(if $(word 2,$(NOTEBOOKS)),$(PARALLEL)) --nbval --nbval-current-env \
             --nbval-cell-timeout 600 --nbval-sanitize-with tests/nbval_sanitize.cfg -p no:cacheprovider -q
CHECKED   := code tests book/tools book/_ext conftest.py

export PYTHONPATH := $(CURDIR)/code

.PHONY: book html pdf slides scripts execute test lint types layers spelling terms unit \
        coverage notebooks test-book costs environment clean

book: environment
	@$(TOOLS) $(PY) book/tools/build.py pdf html

html: environment
	@$(TOOLS) $(PY) book/tools/build.py html

pdf: environment
	@$(TOOLS) $(PY) book/tools/build.py pdf

# Every chapter as slides (open _build/slides/index.html), and as a plain Python script.
slides scripts: environment
	@$(TOOLS) $(PY) book/tools/export.py $@

# Run notebooks and store their outputs in place: make execute NOTEBOOKS=chapters/01-....ipynb
execute: environment
	@$(TOOLS) $(PY) book/tools/execute.py --in-place $(NOTEBOOKS)

test: lint types layers spelling terms unit notebooks

lint: environment
	$(PY) -m ruff format --check $(CHECKED)
	$(PY) -m ruff check --config code/pyproject.toml $(CHECKED)

types: environment
	$(PY) -m mypy --config-file code/pyproject.toml code/scratchlm

layers: environment
	$(VENV)/bin/lint-imports --config code/pyproject.toml

spelling: environment
	@$(PY) book/tools/notebooks.py --prose _build/prose
	$(PY) -m codespell_lib --toml code/pyproject.toml $(wildcard *.md) book code tests _build/prose

# Names and prose that do not say what the field says: book/tools/terms.toml has the list.
terms: environment
	@$(PY) book/tools/terms.py --failing

unit: environment
	OMP_NUM_THREADS=1 $(PY) -m pytest -q -rs $(PARALLEL) --durations=20 --durations-min=3 \
	    --doctest-modules code/scratchlm book/tools tests

# The lines of the package that no test reaches. Counting them takes time, so it is no part of test.
coverage: environment
	OMP_NUM_THREADS=1 $(PY) -m pytest -q $(PARALLEL) --doctest-modules --cov=scratchlm \
	    --cov-report=term:skip-covered code/scratchlm tests

# Run notebooks afresh and compare every output with the stored one.
notebooks: environment
	@$(PY) book/tools/notebooks.py --check
	@if [ -n "$(NOTEBOOKS)" ]; then OMP_NUM_THREADS=1 $(PY) $(NBVAL) $(NOTEBOOKS); else echo "no notebooks yet"; fi

# Read the built PDF and HTML: links, fonts, alt texts, boxes.
test-book: environment
	$(PY) -m pytest -q tests/book

# What each notebook took when it was last executed.
costs: environment
	@$(PY) book/tools/costs.py

environment:
	@sh book/tools/environment.sh $(VENV)

clean:
	rm -rf _build dist
