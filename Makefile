# Ostrov. `make` alone lists what can be asked.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
MODEL  ?=
ARGS   ?=
# Much of a test's time is waiting for programs that start: more processes than cores are of use.
APART := not journey and not vllm and not appliance
NOTHING_CHOSEN := 5
TEST_PROCESSES ?= $(shell n=$$(nproc 2>/dev/null || echo 2); echo $$((n + 1)))

.DEFAULT_GOAL := help
.PHONY: help setup demo stop test check lint types imports templates docs bench journeys test-vllm test-gpu test-appliance lock assets format clean

help: ## list these targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  \033[1m%-10s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## environment, locked packages and assets, as far as they changed
	@$(PYTHON) -I appliance/demo/bootstrap.py

demo: setup ## run the whole product with a sample company (MODEL=/path/model.gguf for your own model)
	@$(if $(MODEL),OSTROV_LLM_MODEL="$(abspath $(MODEL))") $(BIN)/ostrov demo $(ARGS)

stop: ## stop a demo that runs in the background
	@$(BIN)/ostrov demo stop

test: setup check ## every check and every test but the journeys (ARGS="-k name" narrows pytest, TEST_PROCESSES=4)
	@echo "Tests with real models, one after another; then all others, in $(TEST_PROCESSES) processes."
	@code=0; \
	$(BIN)/python -m pytest -m "model and $(APART)" $(subst .xml,-models.xml,$(ARGS)) || code=$$?; \
	$(BIN)/python -m pytest -m "not model and $(APART)" -n $(TEST_PROCESSES) --dist loadfile $(ARGS) || rest=$$?; \
	test $$code -eq 0 -o $$code -eq $(NOTHING_CHOSEN) && test $${rest:-0} -eq 0 -o $${rest:-0} -eq $(NOTHING_CHOSEN)

check: lint types imports templates docs ## the checks that run nothing: style, types, borders, templates, documents

lint: ## style of the Python code (ruff)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: ## types (mypy, strict)
	@$(BIN)/mypy

imports: ## who may import whom (import-linter)
	@$(BIN)/lint-imports

templates: ## the pages' templates (djlint)
	@$(BIN)/djlint webapp --lint --quiet

docs: ## links between documents lead somewhere
	@$(BIN)/python -m pytest -q tests/appliance/cli/test_documentation.py

bench: setup ## measure against the goals; prints a table, writes JSON into build/bench
	@$(BIN)/python -m tests.bench $(ARGS)

journeys: setup ## the whole journey in a browser against the running product, with real models
	@$(BIN)/python -m pytest tests/journeys -m journey $(ARGS)

test-vllm: setup ## the engine suite against vLLM's CPU wheel, in an environment of its own (3.5 GB, kept in build/)
	@$(BIN)/python -m tests.vllm $(ARGS)

test-gpu: setup ## what needs an NVIDIA GPU: vLLM, speech and speed; says why it skips elsewhere
	@$(BIN)/python -m tests.gpu $(ARGS)

test-appliance: setup ## a bare Debian 13 becomes the appliance in a container, offline, and is examined (root on Debian; says why it skips)
	@$(BIN)/python -m tests.provisioning $(ARGS)

lock: setup ## resolve the dependencies anew and write the lock files
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements-uv.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --extra dev \
	  --no-emit-index-url --custom-compile-command "make lock" -o requirements.lock pyproject.toml
	@$(BIN)/uv pip compile --quiet --python-version 3.13 --python-platform x86_64-manylinux_2_28 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" -c requirements.lock \
	  -o requirements-server.lock pyproject.toml
	@$(BIN)/uv pip compile --quiet --python-version 3.13 --python-platform x86_64-manylinux_2_28 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	  -o requirements-server-vllm.lock requirements-server-vllm.in
	@$(BIN)/uv pip compile --quiet --python-version 3.11 --python-platform x86_64-manylinux_2_28 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-emit-package torchvision --no-emit-package torchaudio \
	  --no-emit-package torchcodec --custom-compile-command "make lock" -o requirements-vllm.lock requirements-vllm.in
	@for tool in node uv; do $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --custom-compile-command "make lock" -o requirements-$$tool.lock requirements-$$tool.in; done

assets: setup ## build the pages' style sheets, scripts and icons again
	@$(PYTHON) -I appliance/demo/bootstrap.py --assets

format: ## put the code into its common shape (ruff)
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

clean: ## remove what was built; the environment and the demo's state stay
	@rm -rf build dist *.egg-info webapp/web/static/build webapp/web/node_modules .mypy_cache .ruff_cache .pytest_cache
	@rm -f $(VENV)/.ostrov/assets $(VENV)/.ostrov/npm
