# Thin names over scripts/; `make` prints them.
.DEFAULT_GOAL := help
.PHONY: help build run test test-all bench model soak fuzz mutants fmt lint

BROKER ?= embedded
SCENARIOS ?=
SEED ?=
REPORT ?=

help: ## this list
	@echo "make targets:"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

build: ## install what is missing and leave the release binary at build/deadletter
	@scripts/build

run: ## build, then run the demo (BROKER=rabbitmq: on a private RabbitMQ and PostgreSQL)
	@scripts/run "$(BROKER)"

test: ## build and run every test, those with real servers included
	@scripts/test

test-all: ## hours: the suite as shipped and under each sanitizer, and every long test
	@scripts/test-all

bench: ## measure it (SCENARIOS="...", LETTERS=n, RUNS=n, SIZE=full; bench/README.md)
	@scripts/bench $(SCENARIOS)

model: ## check the protocol's models, and that their broken variants are caught
	@scripts/install-dependencies build test
	@scripts/model

soak: MINUTES ?= 30
soak: ## kill it for MINUTES=30 over both pairs and account for every letter (SEED=n: that plan again, REPORT=file)
	@scripts/soak "$(MINUTES)" "$(SEED)" "$(REPORT)"

fuzz: MINUTES ?= 10
fuzz: ## look for inputs that break something, MINUTES=10 each (TARGET=name: that one only)
	@scripts/fuzz campaign "$(MINUTES)" $(TARGET)

mutants: ## break the code on purpose, and see that the tests notice (tests/mutants)
	@scripts/mutants

fmt: ## format every source file
	@scripts/install-dependencies lint
	@scripts/format --fix

lint: ## check formatting and run the linter
	@scripts/install-dependencies build test lint
	@scripts/format
	@scripts/lint
