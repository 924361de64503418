# The live machine's image; image/README.md says how to use it.
#
# `make image`:         build it from the packages in image/packages.lock, and the programs.
# `make image-pins`:    renew image/packages.lock.
# `make image-sources`: put the packages into one archive, for a release.
# `make image-reproducible`: build it twice from two folders, and compare.
# `make image-test`:    start it in qemu and hold ceremonies in it.

IMAGE := target/image
# A release's archive, unpacked, where Debian has the packages no more.
DEBS := $(IMAGE)/debs

.PHONY: image-programs image image-pins image-sources image-reproducible image-test image-help

help: image-help
image-help:
	@echo 'make image       build the bootable image of the live machine'
	echo 'make image-pins  renew the versions of its Debian packages'
	echo 'make image-sources  archive its Debian packages for a release'
	echo 'make image-reproducible  build it twice, from two folders, and compare'
	echo 'make image-test  start it in qemu, and hold ceremonies in it'

image-programs: release image-simulator
	@mkdir -p $(IMAGE)/programs
	cp target/release/keymoot target/release/hsm-sim $(IMAGE)/programs/

# With the flags of a release, so that no folder of this machine is in it either.
.PHONY: image-simulator
image-simulator: packages
	$(subst --package keymoot,--package hsm-sim,$(release))

image: image-programs
	@image/build image $(DEBS) $(IMAGE)/programs $(IMAGE)

image-pins:
	@image/build pins
	git --no-pager diff --stat image/packages.lock

image-sources:
	@image/build archive $(DEBS) $(IMAGE)/keymoot-image-packages.tar
	sha256sum $(IMAGE)/keymoot-image-packages.tar

# The programs have their own comparison, `make reproducible`. Here the same programs go into
# two clones of what is committed, in folders of unlike names.
image-reproducible: image-programs
	@image/build fetch $(DEBS)
	work="$$(mktemp -d)"
	for clone in one another/and/deeper; do
		git clone --quiet . "$$work/$$clone"
		"$$work/$$clone/image/build" image $(CURDIR)/$(DEBS) $(CURDIR)/$(IMAGE)/programs "$$work/$$clone/out"
	done
	for file in keymoot.img keymoot.efi initrd.zst; do
		if ! cmp "$$work"/{one,another/and/deeper}/out/$$file; then
			echo "They differ. Both are kept, to be looked at: $$work"
			exit 1
		fi
	done
	rm -rf "$$work"
	echo 'Both images are the same, byte for byte.'

# The program of the test vendor, which trusts the simulated devices: it replaces keymoot in a
# second image, and nothing else differs. `make image-test CASES=power-cuts-vfat` tries one case.
IMAGE_TEST_PROGRAM := target/release/keymoot-test-vendor
IMAGE_TEST_FOLDER := /tmp/keymoot-image-test
CASES :=
image-test: image image-test-packages image-vendor image-console
	@cargo build --locked --package image-test
	mkdir -p $(IMAGE)/tested/programs
	cp $(IMAGE)/programs/hsm-sim $(IMAGE)/tested/programs/hsm-sim
	cp "$(IMAGE_TEST_PROGRAM)" $(IMAGE)/tested/programs/keymoot
	image/build image $(DEBS) $(IMAGE)/tested/programs $(IMAGE)/tested > $(IMAGE)/tested/log
	target/debug/image-test --shipped $(IMAGE) --tested $(IMAGE)/tested --console $(IMAGE)/console --folder $(IMAGE_TEST_FOLDER) $(CASES)

# With the same flags, so that it shares what the program is built from.
.PHONY: image-vendor
image-vendor: packages
	$(subst --package keymoot,--package keymoot-test-vendor,$(release))

# What the console gets and shows on every kind of screen.
.PHONY: image-console
image-console:
	@rm -rf $(IMAGE)/console
	cargo build --workspace --bins --locked
	KEYMOOT_CONSOLE=$(CURDIR)/$(IMAGE)/console cargo test --workspace --locked --test screens -- everywhere:: rare::

.PHONY: image-test-packages
image-test-packages:
	$(call install,qemu-system-x86 ovmf dosfstools exfatprogs e2fsprogs)
