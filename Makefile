# Targets for people; the workflow itself is workflow/Snakefile.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
CORES ?= all
PRESET ?=
LOGDIR ?= results
PRESETS := $(basename $(notdir $(wildcard config/presets/*.yaml)))
ifneq ($(PRESET),)
ifeq ($(filter $(PRESET),$(PRESETS)),)
$(error PRESET=$(PRESET): no such preset; allowed are: $(PRESETS))
endif
endif

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-20s %s\n", $$1, $$2}'

.PHONY: run
run: $(VENV)/.run ## the whole workflow, to the report (PRESET=debug for a quick look, CORES=2 to share the machine)
	@snakemake --quiet reason host --cores $(CORES) $(if $(PRESET),--configfile config/presets/$(PRESET).yaml)

.PHONY: tensorboard
tensorboard: $(VENV)/.run ## curves and figures of the trainings in the browser (LOGDIR=results)
	tensorboard --logdir $(LOGDIR)

.PHONY: test
test: $(VENV)/.dev ## all tests, on all cores
	OMP_NUM_THREADS=1 pytest -n auto

.PHONY: test-unit
test-unit: $(VENV)/.dev ## the quick tests only, on all cores
	OMP_NUM_THREADS=1 pytest -m "not slow" -n auto

.PHONY: test-slurm
test-slurm: $(VENV)/.dev ## the workflow on a throw-away Slurm cluster (as root; says what is missing)
	pytest tests/slurm

.PHONY: lint
lint: $(VENV)/.dev ## style checks of code, workflow and container
	ruff check
	ruff format --check
	snakefmt --check workflow
	snakemake --lint
	hadolint containers/Dockerfile

.PHONY: bench
bench: $(VENV)/.dev ## speed figures, as ratios measured in one run
	for benchmark in benchmarks/bench_*.py; do python "$$benchmark"; done

.PHONY: compare
compare: $(VENV)/.run ## families of networks side by side, one training at a time
	@snakemake --quiet reason host --cores 4 compare $(if $(PRESET),--configfile config/presets/$(PRESET).yaml)

# preset, page and figure of a blind test; with hundreds of shards Snakemake would take half a core
# to look for jobs once a second for every one that has ended
define publish
	@snakemake --quiet reason host --cores $(CORES) --max-jobs-per-timespan 300/30s --configfile config/presets/$(1).yaml -- blind_test
	sed 's|(results.png)|(figures/$(3))|' results/$(1)/blind_test/results.md > docs/$(2)
	cp results/$(1)/blind_test/results.png docs/figures/$(3)
endef

.PHONY: results
results: $(VENV)/.run ## the models on showers nobody has looked at; rewrites docs/RESULTS.md and its figure
	$(call publish,precise,RESULTS.md,results.png)

.PHONY: results-whole-range
results-whole-range: $(VENV)/.run ## the same from 1 TeV to 100 PeV; rewrites docs/RESULTS_WHOLE_RANGE.md
	$(call publish,full,RESULTS_WHOLE_RANGE.md,results_whole_range.png)

.PHONY: physics-validation
physics-validation: $(VENV)/.dev ## redraw the figures of docs/PHYSICS_VALIDATION.md
	python benchmarks/physics_validation.py

.PHONY: config-docs
config-docs: $(VENV)/.run ## rewrite config/README.md and the JSON schema from the configuration classes
	python workflow/scripts/tools/write_config_docs.py

.PHONY: clean
clean: ## remove results of the default and the debug run; other runs and the environment stay
	rm -rf results/bundles results/debug

# a stamp is written last, so that an interrupted installation is taken up again
$(VENV)/.run: requirements.txt
	$(PYTHON) -m venv $(VENV)
	pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@
