# Two commands from nothing: `make demo` (the whole study on a synthetic cohort) and `make test`.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
unexport PYTHONDONTWRITEBYTECODE

VENV ?= .venv
CORES ?= $(shell getconf _NPROCESSORS_ONLN)
DEMO ?= demo
BIN := $(abspath $(VENV))/bin
READY := $(VENV)/ready
EXPOSED := $(VENV)/exposed

export PATH := $(BIN):$(PATH)
export PYTHONPATH := $(CURDIR)/src:$(CURDIR)/workflow/progress

# Each training of the demo uses one core, so that two of them run at the same time.
DEMO_RUN = --directory $(DEMO) --configfile config/demo.yaml $(CONTROL) --workflow-profile none --profile profiles/local \
	--cores $(CORES) --set-threads train_network=1 train_vaegan=1
RUN = bash workflow/progress/run.sh $(DEMO)

.PHONY: help setup demo plan check share test test-cluster test-envs test-reruns lint format docs lock clean clean-demo

help: ## List the targets.
	@grep -hE '^[a-z%-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(READY) $(EXPOSED) ## Install everything into .venv (Python 3.11+ and a C compiler are all it needs).

$(READY): requirements/lock.txt requirements/torch.txt requirements/build.txt requirements/install.sh pyproject.toml
	@bash requirements/install.sh $(VENV)

$(EXPOSED): $(READY) requirements/expose.py
	@$(BIN)/python requirements/expose.py
	@touch $@

demo: setup ## Run the whole study on a synthetic cohort, down to the report.
	@$(RUN) phantom $(DEMO_RUN)
	@$(RUN) all $(DEMO_RUN)
	@echo "Report: $(abspath $(DEMO))/results/report/report.html"

control-%: ## Run the demo with a known signal, in its own directory: control-null, -shape, -texture, -rim.
	@$(MAKE) demo DEMO=control-$* CONTROL=config/controls/$*.yaml

plan: setup ## Tell what `make demo` would do, and why, without doing it.
	@mkdir -p $(DEMO)
	@snakemake phantom $(DEMO_RUN) --dry-run --logger plan
	@[ ! -e $(DEMO)/phantom/participants.tsv ] || snakemake $(DEMO_RUN) --dry-run --logger plan

check: setup ## Check sheet, files and settings of a study and list all errors: make check STUDY=mystudy.
	@[ -d "$(STUDY)" ] || { echo "Name the study: make check STUDY=its-directory" >&2; exit 1; }
	@snakemake check --directory "$(STUDY)" $(addprefix --configfile ,$(wildcard $(STUDY)/config.yaml)) \
		--workflow-profile none --cores 1 --logger progress

share: setup ## Copy the results that identify no participant: make share STUDY=mystudy TO=copy.
	@[ -d "$(STUDY)" ] && [ -n "$(TO)" ] || { echo "Name the study and the folder to copy to: make share STUDY=its-directory TO=folder" >&2; exit 1; }
	@python workflow/sharing.py "$(STUDY)" "$(TO)"

test: setup ## Run the tests, in one process for each core.
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python -m pytest tests -m "not whole" --numprocesses $(CORES) \
		--dist loadgroup --no-loadscope-reorder

test-cluster: setup ## As root on Debian or Ubuntu: install and start a real SLURM, test on it, stop it.
	@ICHDAG_CLUSTER=1 python -m pytest -rs $(if $(SHORT),tests/cluster -m short,tests/cluster tests/workflow/test_faults.py)

test-envs: setup ## Run a tiny study with a virtual environment for each file in envs/, with only its packages.
	@python -m pytest tests/environments

test-reruns: setup ## Test that one run after an edit gives the results of a new study: 3 h on 2 cores; SHORT=yes: 10 min.
	@CORES=$(CORES) python -m pytest $(if $(SHORT),tests/reruns -m short,tests/reruns tests/workflow/test_study.py -m whole)

lint: setup ## Check code, rules and generated documents.
	@ruff check .
	@ruff format --check .
	@mypy
	@snakefmt --check Snakefile rules
	@snakemake --lint
	@python docs/generate.py --check
	@python docs/containerize.py --check

format: setup ## Format code and rules.
	@ruff check --fix .
	@ruff format .
	@snakefmt Snakefile rules

docs: setup ## Write the documents that follow from schemas and envs/: config/README.md, docs/tables.md, resources/, envs/apptainer.def.
	@python docs/generate.py
	@python docs/containerize.py

bench-%: setup ## Compare speed and memory with other packages: bench-radiomics, bench-dag, ...
	@python benchmarks/bench_$*.py

simulate-%: setup ## Simulate hundreds of studies with known truth: simulate-intervals, -best, -friedman.
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/simulate_$*.py

lock: ## Pin all packages: install those of pyproject.toml into a new environment and list everything in it.
	@bash requirements/relock.sh

clean: ## Remove caches and benchmark results; studies, also the demo, are kept.
	@rm -rf .pytest_cache .ruff_cache .mypy_cache .hypothesis benchmarks/results
	@find src tests workflow benchmarks docs -name __pycache__ -prune -exec rm -rf {} +
	@[ ! -e $(DEMO) ] || echo "$(DEMO)/ is a study and is kept; 'make clean-demo' removes it."

clean-demo: ## Remove the demo study.
	@rm -rf $(DEMO)
