# `make help` lists the targets. All of them install what they need first, and say so.
SHELL := /bin/sh
PYTHON := .venv/bin/python
BOOTSTRAP := infra/local/bootstrap.sh
PYTEST := $(PYTHON) -m pytest
export STREAMSPACE_HOME STREAMSPACE_PORT STREAMSPACE_BIND STREAMSPACE_PUBLIC_URL

.DEFAULT_GOAL := help
.PHONY: help run up down status test check matrix bench bounds chaos simulate simulate-mutants test-kubernetes images package features clean

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 28

run: ## start everything in the foreground; prints a URL and a login; Ctrl-C stops it
	@$(BOOTSTRAP) stack
	@$(PYTHON) -m infra.local run

up: ## the same in the background
	@$(BOOTSTRAP) stack
	@$(PYTHON) -m infra.local up

down: ## hibernate the sessions of this machine and stop everything
	@$(BOOTSTRAP) python
	@$(PYTHON) -m infra.local down

status: ## say what runs
	@$(BOOTSTRAP) python
	@$(PYTHON) -m infra.local status

test: ## run every check and every test, the fast ones first
	@$(BOOTSTRAP) test
	@infra/local/test.sh

check: ## types, lint, import rules, sizes of files; Python and UI
	@$(BOOTSTRAP) checks
	@infra/local/check.sh

matrix: ## every route against every role and credential; ends with one JSON line
	@$(BOOTSTRAP) test
	@$(PYTEST) tests/functional/matrix; status=$$?; cat .streamspace/reports/matrix.json; exit $$status

bench: ## ratios against peers in one run, and capacity units; ends with one JSON line
	@$(BOOTSTRAP) test
	@$(PYTHON) -m tests.performance.bench

bounds: ## what an agent holds, what a queue carries, whether cost is linear; ends with one JSON line
	@$(BOOTSTRAP) test
	@$(PYTHON) -m tests.performance.bounds

chaos: ## faults at random on a real stack (SECONDS=180 SEED=…), and whether it survives; one JSON line
	@$(BOOTSTRAP) test
	@$(PYTHON) -m tests.chaos --seconds $(or $(SECONDS),180) $(if $(SEED),--seed $(SEED))

simulate: ## the command plane on a virtual clock (SEEDS=1000 START=0): faults of all kinds, one JSON line
	@$(BOOTSTRAP) test
	@$(PYTHON) -m tests.simulation --seeds $(or $(SEEDS),1000) --start $(or $(START),0)

simulate-mutants: ## break each rule on purpose (SEEDS=…): the simulation must notice; one JSON line
	@$(BOOTSTRAP) test
	@$(PYTHON) -m tests.simulation.mutants $(if $(SEEDS),--seeds $(SEEDS))

test-kubernetes: ## drivers and product on a real cluster (KUBECONFIG=…; images: docs/kubernetes.md)
	@test -n "$(KUBECONFIG)" || { echo "Which cluster? make test-kubernetes KUBECONFIG=/path/of/a/kubeconfig"; exit 2; }
	@$(BOOTSTRAP) test
	@KUBECONFIG="$(KUBECONFIG)" STREAMSPACE_TEST_IMAGES="$(STREAMSPACE_TEST_IMAGES)" \
		STREAMSPACE_TEST_STORAGE_CLASS="$(STREAMSPACE_TEST_STORAGE_CLASS)" $(PYTEST) -rs -s tests/cluster

images: ## build the session images that are missing or out of date
	@$(BOOTSTRAP) docker
	@$(PYTHON) -m infra.images.build

package: ## write the deployable template and zip to dist/, without AWS access
	@$(BOOTSTRAP) python
	@$(PYTHON) -m infra.package

features: ## write docs/FEATURES.md from the last test run
	@$(BOOTSTRAP) python
	@$(PYTHON) -m infra.features

clean: ## stop, and remove everything that was built or stored here (homes and images stay in Docker)
	@if [ -x $(PYTHON) ]; then $(PYTHON) -m infra.local down; fi
	rm -rf .venv .streamspace dist build ui/dist ui/node_modules .mypy_cache .ruff_cache .pytest_cache \
		.hypothesis .import_linter_cache .schemathesis
