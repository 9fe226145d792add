# `make` alone lists every target. HOME_DIR= and PORT_BASE= choose where a stack lives and its ports.

PY := .venv/bin/python
TONGBAO := .venv/bin/tongbao
STACK := $(if $(HOME_DIR),--home $(HOME_DIR)) $(if $(PORT_BASE),--port-base $(PORT_BASE))

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup setup-card up down status demo bench bench-card chaos test test-fast test-card lint \
	types imports generated pytest format generate clean distclean

help: ## List every target with its sentence
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  HOME_DIR=DIR and PORT_BASE=N give a second stack its own place and ports."

setup: ## Install everything into .venv, with locked and checked packages; nothing when up to date
	@sh deploy/setup.sh

setup-card: ## Install card-signer and its tests' packages into .venv-card; system packages too, where that is allowed
	@sh deploy/card_packages.sh
	@sh deploy/setup.sh card

up: setup ## Start the whole system on this machine and print where everything listens
	@$(TONGBAO) up $(STACK)

down: setup ## Stop what `make up` started
	@$(TONGBAO) down $(STACK)

status: setup ## Show which processes of the local system run
	@$(TONGBAO) status $(STACK)

demo: setup $(if $(CARD),setup-card) ## Play the story: a card-signed cargo proposal becomes a policy in force; CARD=piv: with cards in a reader
	@$(TONGBAO) demo $(STACK) $(if $(CARD),--card $(CARD))

bench: setup ## Measure against references in the same run, write docs/performance.md; NAME= runs one
	@$(TONGBAO) bench $(NAME) --write

bench-card: setup-card ## Measure signatures by cards against the cards' own speed, write docs/performance-card.md
	@.venv-card/bin/python -m bench.card --write

chaos: setup ## Break the whole system under load, the long form: every fault, every mutation (CHAOS_SEED=N repeats a run)
	@CHAOS=long $(PY) -m pytest tests/chaos -s

test: setup lint types imports generated pytest ## Run every check and every test, on the real Kafka and PostgreSQL

test-fast: setup ## Run the tests that need no Kafka and no PostgreSQL
	@$(PY) -m pytest -m "not stack and not card" -n logical

test-card: setup-card ## Run the card signer's tests on real parts: virtual reader, token, browser
	@.venv-card/bin/python -m pytest tests/card --confcutdir=tests/card

lint: setup ## Check style and formatting (ruff)
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .

types: setup ## Check types (mypy, strict)
	@.venv/bin/mypy

imports: setup ## Check which room may import which (import-linter)
	@.venv/bin/lint-imports

generated: setup ## Check that generated schemas and docs are fresh
	@$(PY) -m libs.messages check
	@$(PY) -m libs.lifecycle check

pytest: setup ## Run every test but those of make test-card, without the other checks: first those without Kafka, on every core
	@$(PY) -m pytest -m "not stack and not card" -n logical
	@$(PY) -m pytest -m "stack and not card"

format: setup ## Format the code and mend what ruff can mend
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

generate: setup ## Write schemas, examples and docs that are made from code
	@$(PY) -m libs.messages generate
	@$(PY) -m libs.lifecycle generate

clean: ## Stop the local system and remove its data
	@if [ -x $(TONGBAO) ]; then $(TONGBAO) down --purge $(STACK); else rm -rf .tongbao; fi
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

distclean: clean ## Remove .venv and .venv-card as well
	@rm -rf .venv .venv-card
