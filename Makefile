# The commands of the project. `make run` and `make test` work on a fresh Debian with Rust.

SHELL := /bin/bash
TOOLS := $(CURDIR)/.tools
FLAGS ?=

.PHONY: run test lint fmt bench fuzz soak tools audit

# Builds, and runs the single-process server on ./data.
run:
	exec cargo run --release --package hydrograph-server --bin hydrograph -- $(FLAGS)

# Installs what the tests need, then runs all of them.
test: tools
	cargo build --workspace --all-targets
	HYDROGRAPH_TOOLS=$(TOOLS) cargo test --workspace

# Formatting, lints, the shape of the tree.
lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo doc --workspace --no-deps --quiet
	deploy/dev/tidy

fmt:
	cargo fmt --all

# Programs and packages that tests and benchmarks start, from the package registries.
tools:
	deploy/dev/install-tools $(TOOLS)

# Hydrograph beside Prometheus and VictoriaMetrics on the same data; see benches/README.md.
bench: tools
	cargo build --release --package hydrograph-server --package hydrograph-benches
	HYDROGRAPH_TOOLS=$(TOOLS) ./target/release/hydrograph-benches $(FLAGS)

# The long forms of the randomised tests.
soak: tools
	HYDROGRAPH_SOAK=1 HYDROGRAPH_SIM_SEEDS=5000 HYDROGRAPH_TOOLS=$(TOOLS) \
		cargo test --workspace --release -- --nocapture

# Each fuzz target for FUZZ_SECONDS (nightly toolchain, cargo-fuzz).
FUZZ_SECONDS ?= 60
fuzz:
	deploy/dev/fuzz $(FUZZ_SECONDS)

# Known vulnerabilities; needs the advisory database from the network.
audit:
	cargo deny check advisories
