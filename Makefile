# `make` lists the targets with what follows "##".
PYTHON ?= python3

# Snakemake 9 starts scripts by the path of its Python without quotes. So where this folder's path
# has a space, .venv is made and used by way of a link to the folder, whose path has none.
ifeq ($(words [$(CURDIR)]),1)
VENV := .venv
else
LINK := $(HOME)/.local/share/gramflow/$(firstword $(shell pwd | cksum))
ifneq ($(words [$(LINK)]),1)
$(error The paths of this folder and of your home have spaces, which Snakemake cannot handle; \
	move the folder to a path without)
endif
VENV := $(LINK)/.venv
endif
BIN := $(VENV)/bin

.PHONY: help install demo test test-long test-cluster test-backends test-soak test-faults test-inputs bench bench-temporal check-vgg16 check-demo lint format docs site lock audit clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' Makefile

install: .venv/installed ## install into .venv

demo: .venv/installed ## install into .venv, paint a short film, say where it is
	$(BIN)/snakemake --cores all
	@echo
	@echo "The film:" && ls results/*.mp4

test: .venv/installed-dev lint ## lint, and run the tests
	$(BIN)/python -m pytest -n 2 --dist loadfile

# Networks that are trained first, how steady films are, what is made again after changes, kills and
# damage and what is not, bad input in real runs.
test-long: .venv/installed-dev ## test what takes minutes: networks, resuming, bad input
	$(BIN)/python -m pytest -n 2 --dist loadfile tests/long

# A real SLURM, started and ended by the tests (as root, with Debian's slurm-wlm and munge; without
# them its tests are skipped), a local S3 store, and jobs submitted by a script.
test-cluster: .venv/installed-dev ## test SLURM, S3 and submit scripts
	$(BIN)/python -m pytest tests/cluster

# PyTorch and JAX take some gigabytes where they come with NVIDIA's libraries, and nothing else here needs them.
test-backends: .venv/installed-backends ## compare TensorFlow with PyTorch and JAX
	$(BIN)/python -m pytest tests/backends

# A run of 10,000 copied and 500 painted frames.
test-soak: .venv/installed-dev ## watch memory and open files in a run of 10,500 frames
	$(BIN)/python -m pytest -s tests/soak
# Kills, full disks, damaged files and wrong clocks, at random moments that follow from FAULTS_SEED.
test-faults: .venv/installed-dev ## test that no fault loses a frame
	$(BIN)/python -m pytest -n 2 tests/faults
# Hundreds of damaged, unusual and wrong inputs, some of them in real runs.
test-inputs: .venv/installed-dev ## try bad and odd input, for minutes
	$(BIN)/python -m pytest -n 2 tests/inputs

# Speed, evaluations, memory and overhead, into benchmarks/results/; some hours on a few cores.
bench: .venv/installed-bench ## measure speed, memory and overhead, for hours
	$(BIN)/python -m benchmarks

# With the folder of test material in SHARED.
bench-temporal: .venv/installed ## measure how steady each way of painting is
	$(BIN)/python -m benchmarks.temporal
	$(BIN)/python -m benchmarks steady

# Whether ImageNet's VGG-16, from a file in WEIGHTS, repeats the losses of the project's first version.
check-vgg16: .venv/installed ## compare VGG-16's losses with the first version's
	$(BIN)/python -m benchmarks.check_vgg16 $(WEIGHTS)

# With the film of `make demo`; run it after a change that should leave the pixels as they were.
check-demo: demo ## compare the demo's film with that of the docs
	$(BIN)/python -m benchmarks.same

lint: .venv/installed-dev ## check style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow/Snakefile rules
	$(BIN)/snakemake --lint

format: .venv/installed-dev ## format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/snakefmt Snakefile workflow/Snakefile rules

docs: .venv/installed ## make the pages on the config, the commands and the plugins anew
	$(BIN)/python -m gramflow.settings.schema_docs > docs/config.md
	$(BIN)/python -m gramflow.commands.docs > docs/commands.md
	$(BIN)/python -m gramflow.settings.plugin_docs > docs/plugin-list.md

site: .venv/installed-dev ## make a site of docs/, in site/
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet docs site
	@echo "The site: site/index.html"

# New versions within the bounds of pyproject.toml, for every Python and system at once.
lock: .venv/installed-dev ## write the lock files anew
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile $(LOCK) --extra build --extra cluster -o requirements-cluster.lock
	$(BIN)/uv pip compile $(LOCK) --extra build -c requirements-cluster.lock -o requirements.lock
	$(BIN)/uv pip compile $(LOCK) --extra build --extra cluster --extra dev -c requirements-cluster.lock -o requirements-dev.lock
	$(BIN)/uv pip compile $(LOCK) --extra build --extra cuda -c requirements.lock -o requirements-cuda.lock
LOCK := pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links

# One lock at a time, since two may have other versions of one package.
audit: .venv/installed-dev ## ask PyPI for known holes in the locked packages (needs the internet)
	@( $(BIN)/pip install --quiet --disable-pip-version-check uv && \
	for lock in requirements-dev.lock requirements-cuda.lock; do \
		$(BIN)/uv tool run pip-audit --disable-pip --require-hashes -r $$lock || exit 1; \
	done ) || { echo "make audit: holes are known, or nobody could be asked; see above" >&2; exit 1; }

# An installation that was interrupted leaves half a package, which pip takes for a whole one. So the
# mark of a whole .venv is gone meanwhile, and without it everything is installed anew. Where pip only
# fails, as without a connection, it leaves what was there whole, and the mark comes back.
ADD = rm -f .venv/installed; $(BIN)/pip install --quiet --disable-pip-version-check $(1); \
	code=$$?; touch .venv/installed; exit $$code

.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else \
		"gramflow needs Python 3.11 to 3.13: make PYTHON=python3.12 ...")'
	test -e $@ || rm -rf .venv
	rm -f $@
	$(if $(LINK),mkdir -p $(dir $(LINK)) && ln -sfn "$(CURDIR)" $(LINK))
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.venv/installed-dev: requirements-dev.lock .venv/installed
	$(call ADD,-r requirements-dev.lock)
	touch $@

# PyTorch is compared with, and nothing else here needs it.
.venv/installed-bench: .venv/installed-dev
	$(call ADD,torch==2.13.0)
	touch .venv/installed-dev $@

.venv/installed-backends: .venv/installed-dev
	$(call ADD,--no-build-isolation -e '.[torch$(comma)jax]')
	touch .venv/installed-dev $@
comma := ,

clean: ## delete .venv and everything that runs have made
	rm -rf $(LINK) .venv .snakemake results work store logs site
