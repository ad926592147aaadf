# Everything a newcomer needs: Python 3.11 or newer, make, and these targets.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
INSTALL := $(PIP) install --constraint constraints.txt
# The documentation's theme prints news about its successor unless this is set.
export NO_MKDOCS_2_WARNING := 1

.PHONY: help demo serve check test test-light format docs dist lowest test-lowest test-pythons rehearse new-user clean

help:
	@echo "make demo        install the light runtime into .venv and scan two sample films"
	@echo "make serve       install what the page needs and serve it on this machine"
	@echo "make check       the quick gate: format, lint, types, import contracts, quick tests, docs"
	@echo "make test        install what the tests need (with torch) and run them all"
	@echo "make test-light  all tests that need no torch, without installing it"
	@echo "make format      put the code in shape"
	@echo "make docs        redraw and rewrite what is generated under docs/, and build them"
	@echo "make dist        build wheel and source distribution into dist/ and try them in an empty environment"
	@echo "make lowest      write anew which versions are the oldest that pyproject.toml allows"
	@echo "make test-lowest   the light tests on those"
	@echo "make test-pythons  the light tests on Python 3.12 and 3.13, where they are installed"
	@echo "make rehearse    build and run the containers' images without Docker (root, debootstrap)"
	@echo "make new-user    go a new user's first way in a clean Debian (root, debootstrap)"

demo: .venv/.runtime
	@$(BIN)/python docs/draw_sample.py demo/sample.png
	@$(BIN)/spinescan scan demo/sample.png demo/sample-lateral.png --out demo
	@echo
	@for file in demo/sample-*/*; do echo "  $$file"; done

serve: .venv/.web
	@$(BIN)/spinescan serve

check: .venv/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q -m "not training and not slow" --hypothesis-profile quick
	$(BIN)/mkdocs build --strict

test: .venv/.train
	$(BIN)/pytest

test-light: .venv/.dev
	$(BIN)/pytest -m "not training"

format: .venv/.dev
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

docs: .venv/.dev
	$(BIN)/python docs/generate_cli.py > docs/reference/cli.md
	$(BIN)/python docs/report_schema.py
	$(BIN)/python docs/generate_report.py > docs/reference/report.md
	$(BIN)/python docs/generate_bundles.py > docs/reference/bundles.md
	$(BIN)/python docs/generate_files.py > docs/reference/files.md
	$(BIN)/python docs/generate_recipes.py > docs/reference/recipes.md
	$(BIN)/python docs/generate_rest.py > docs/reference/rest.md
	$(BIN)/python docs/generate_conformance.py > docs/reference/dicom-conformance.md
	$(BIN)/python docs/generate_dicom_codes.py > docs/reference/dicom-codes.md
	$(BIN)/python docs/generate_dicom_sample.py
	$(BIN)/python docs/draw_overlay.py docs/images/overlay.png
	$(BIN)/python docs/draw_contact_sheet.py docs/images/phantoms.jpg
	$(BIN)/python docs/draw_als_types.py
	$(BIN)/python docs/draw_cobb.py docs/images/cobb.jpg
	$(BIN)/python docs/generate_figures.py
	$(BIN)/python docs/generate_evidence.py
	$(BIN)/mkdocs build --strict

# Times inside of the two files are the commit's, so that whoever builds it again gets the same bytes.
dist: export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct)
dist: .venv/.dev
	rm -rf dist
	$(BIN)/python -m build --no-isolation
	$(BIN)/twine check --strict dist/*
	$(BIN)/check-wheel-contents dist/*.whl
	SPINESCAN_DIST=dist $(BIN)/pytest -q tests/release
	@du -b dist/*

lowest: .venv/.dev
	$(BIN)/python tests/environments.py write

test-lowest: .venv/.dev
	$(BIN)/python tests/environments.py lowest

test-pythons: .venv/.dev
	$(BIN)/python tests/environments.py 3.12 3.13

rehearse: .venv/.dev
	$(BIN)/python docker/rehearse.py --notebook quickstart --notebook generalist_vs_specialists

new-user:
	$(PYTHON) docker/new_user.py

clean:
	rm -rf .venv .venv-* demo site dist

# One environment, filled as far as a target needs it; a stamp stands for each filling.
.venv/.runtime: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2> /dev/null || { \
	    echo "SpineScan needs Python 3.11 or newer with venv; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Installing into .venv ..."
	@$(PYTHON) -m venv .venv
	@$(INSTALL) hatchling editables
	@$(INSTALL) --no-build-isolation --editable .
	@touch $@

.venv/.web: .venv/.runtime
	@echo "Installing the extras web, pdf and dicom ..."
	@$(INSTALL) --no-build-isolation --editable ".[web,pdf,dicom]"
	@touch $@

.venv/.dev: .venv/.web
	@$(INSTALL) --no-build-isolation --editable ".[dev]"
	@touch $@

.venv/.train: .venv/.dev
	@echo "Installing the extras train, keras, notebook and cluster (torch: some gigabytes) ..."
	@$(INSTALL) --no-build-isolation --editable ".[train,keras,notebook,cluster]"
	@touch $@
