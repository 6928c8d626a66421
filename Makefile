# Two targets do all the set-up: `make run` and `make test`. Everything lands in .venv; models outside the checkout.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SUITE ?=

.PHONY: run test check fast weights messages samples clean

# With a display the window opens, without one the demo answers three questions in the terminal.
run: $(READY)
	$(BIN)/rag-desktop models get all-MiniLM-L6-v2
	$(BIN)/rag-desktop models get Qwen2.5-Coder-1.5B-Instruct-Q4_K_M
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ "$$OS" = Windows_NT ] || [ "$$(uname)" = Darwin ]; then \
		$(BIN)/rag-desktop; \
	else \
		echo "No display: running the demo instead of the window."; $(BIN)/rag-desktop demo; \
	fi

test: check fast weights

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fast: $(READY)
	$(BIN)/pytest -m "not weights"

weights: $(READY)
	$(BIN)/rag-desktop models get all-MiniLM-L6-v2
	$(BIN)/rag-desktop models get SmolLM2-135M-Instruct-Q4_1
	$(BIN)/pytest -m weights

# The compiled catalogue is committed, so that running needs no tool; a test tells when it is stale.
messages: $(READY)
	$(BIN)/pybabel extract -k N_ -k say -k count:1,2 --no-location --omit-header -o build/rag_desktop.pot rag_desktop
	$(BIN)/pybabel update -i build/rag_desktop.pot -d resources/locale -D rag_desktop --omit-header --no-fuzzy-matching
	$(BIN)/pybabel compile -d resources/locale -D rag_desktop

samples: $(READY)
	QT_QPA_PLATFORM=offscreen $(BIN)/python packaging/make_sample_pdf.py resources/sample/printer-manual.pdf

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --constraint constraints.txt torch
	$(BIN)/python -m pip install --constraint constraints.txt --editable ".[dev]"
	touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
