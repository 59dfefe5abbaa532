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

# Both trainings of a demo-sized network keep to one core, so that they run side by side.
DEMO_RUN = --directory $(DEMO) --configfile config/demo.yaml $(CONTROL) --workflow-profile none --profile profiles/local \
	--cores $(CORES) --set-threads train_network=1 train_vaegan=1
RUN = bash workflow/progress/run.sh $(DEMO)

.PHONY: help setup demo plan check share test test-cluster test-envs test-reruns lint format docs lock clean clean-demo

help: ## Say what can be made.
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

control-%: ## The demo with a known signal, in a directory of its own: control-null, -shape, -texture, -rim.
	@$(MAKE) demo DEMO=control-$* CONTROL=config/controls/$*.yaml

plan: setup ## Say what `make demo` would still do, and why, without doing it.
	@mkdir -p $(DEMO)
	@snakemake phantom $(DEMO_RUN) --dry-run --logger plan
	@[ ! -e $(DEMO)/phantom/participants.tsv ] || snakemake $(DEMO_RUN) --dry-run --logger plan

check: setup ## Check sheet, files and settings of a study, all faults at once: make check STUDY=mystudy.
	@[ -d "$(STUDY)" ] || { echo "Say which study: make check STUDY=its-directory" >&2; exit 1; }
	@snakemake check --directory "$(STUDY)" $(addprefix --configfile ,$(wildcard $(STUDY)/config.yaml)) \
		--workflow-profile none --cores 1 --logger progress

share: setup ## Copy what may be shared of a finished study, searched for names: make share STUDY=mystudy TO=copy.
	@[ -d "$(STUDY)" ] && [ -n "$(TO)" ] || { echo "Say which study and where to: make share STUDY=its-directory TO=folder" >&2; exit 1; }
	@python workflow/sharing.py "$(STUDY)" "$(TO)"

test: setup ## Run the tests, in as many processes as there are cores.
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python -m pytest tests -m "not whole" --numprocesses $(CORES) \
		--dist loadgroup --no-loadscope-reorder

test-cluster: setup ## As root on Debian or Ubuntu: install and start a real SLURM, test on it, stop it.
	@ICHDAG_CLUSTER=1 python -m pytest -rs $(if $(SHORT),tests/cluster -m short,tests/cluster tests/workflow/test_faults.py)

test-envs: setup ## Run the tiny study with a virtual environment for each file in envs/, of what it names alone.
	@python -m pytest tests/environments

test-reruns: setup ## After an edit one run leaves what a study from nothing has: 3 h on 2 cores; SHORT=yes: 10 min.
	@CORES=$(CORES) python -m pytest $(if $(SHORT),tests/reruns -m short,tests/reruns tests/workflow/test_study.py -m whole)

lint: setup ## Check code, rules and generated documents.
	@ruff check .
	@ruff format --check .
	@mypy
	@snakefmt --check Snakefile rules
	@snakemake --lint
	@python docs/generate.py --check
	@python docs/containerize.py --check

format: setup ## Lay out code and rules as the house wants them.
	@ruff check --fix .
	@ruff format .
	@snakefmt Snakefile rules

docs: setup ## Write what schemas and envs/ say: config/README.md, docs/tables.md, resources/, envs/apptainer.def.
	@python docs/generate.py
	@python docs/containerize.py

bench-%: setup ## Compare with the usual way: bench-radiomics, bench-dag, ...
	@python benchmarks/bench_$*.py

simulate-%: setup ## Studies whose truth is known, made up by the hundred: simulate-intervals, -best, -friedman.
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/simulate_$*.py

lock: ## Pin anew: install what pyproject.toml pins into a fresh environment and list all that came with it.
	@bash requirements/relock.sh

clean: ## Remove caches and benchmark results; studies, the demo's too, are kept.
	@rm -rf .pytest_cache .ruff_cache .mypy_cache .hypothesis benchmarks/results
	@find src tests workflow benchmarks docs -name __pycache__ -prune -exec rm -rf {} +
	@[ ! -e $(DEMO) ] || echo "$(DEMO)/ is a study and is kept; 'make clean-demo' removes it."

clean-demo: ## Remove the demo study.
	@rm -rf $(DEMO)
