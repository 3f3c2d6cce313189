# SPDX-License-Identifier: GPL-2.0-only
#
# tier_ext: memory tiering policies in BPF. Everything generated goes to build/.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

export BUILD := $(CURDIR)/build
export KERNEL_SERIES ?= 6.12
export KERNEL_SRC ?=
CONFIG ?= guest
PREFIX ?= /usr/local
DESTDIR ?=
BENCH ?=
V ?= 0

CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
CFLAGS ?= -O2 -g
# BPF struct_ops with features this new need clang 17; the newest one found is taken.
CLANG ?= $(firstword $(foreach v,-19 -20 -21 -22,$(shell command -v clang$(v))) clang)
LLVM_STRIP ?= $(subst clang,llvm-strip,$(CLANG))
CLANG_FORMAT ?= $(firstword $(foreach v,-19 -20 -21,$(shell command -v clang-format$(v))) clang-format)
BPFTOOL ?= $(BUILD)/tools/bin/bpftool

Q := $(if $(filter 1,$(V)),,@)
show = @$(if $(filter 1,$(V)),:,printf '  %-8s%s\n' $(1) $(patsubst $(CURDIR)/%,%,$(2)))
# Keeps the old file, and its time stamp, when the new one is the same.
update = cmp -s $(1) $(2) && rm -f $(1) || mv $(1) $(2)

TIERX_INCLUDE := $(CURDIR)/include
POLICIES := $(patsubst bpf/%.bpf.c,%,$(wildcard bpf/*.bpf.c))
POLICY_OBJECTS := $(POLICIES:%=$(BUILD)/bpf/%.bpf.o)
LOADER_OBJECTS := $(patsubst loader/%.c,$(BUILD)/loader/%.o,\
	$(filter-out %.bpf.c,$(wildcard loader/*.c)))
BENCH_PROGRAMS := $(BUILD)/tests/bench/faults
BENCH_MACHINE_PROGRAMS := $(patsubst tests/bench/machine/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/machine/*.c))
BENCH_WORKLOADS := $(patsubst tests/bench/workloads/%.c,$(BUILD)/bench/bin/%,\
	$(wildcard tests/bench/workloads/wl-*.c))
BENCH_WORKLOAD_OBJECTS := $(patsubst tests/bench/%.c,$(BUILD)/bench/%.o,\
	$(filter-out tests/bench/workloads/wl-%,$(wildcard tests/bench/workloads/*.c)))
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/*.c))
UNIT_FIXTURES := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%.o,\
	$(wildcard tests/unit/fixtures/*.bpf.c)) \
	$(patsubst tests/%,$(BUILD)/tests/%,$(wildcard tests/unit/fixtures/*.txt))
DEMO_PROGRAMS := $(patsubst tests/demo/%.c,$(BUILD)/tests/demo/%,$(wildcard tests/demo/*.c))
TIERX := $(BUILD)/bin/tierx
LIBBPF := $(BUILD)/tools/libbpf.a
VMLINUX_H := $(BUILD)/include/vmlinux.h
POLICY_DIR := $(PREFIX)/lib/tier_ext/bpf

##@ Start here

help: ## this list
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-22s %s\n", $$1, $$2 }' Makefile
	@printf '%s\n' '' 'Variables' '  V=1                show commands' \
		'  CONFIG=debug       a kernel with KASAN, lockdep and DEBUG_VM, for kernel and test' \
		'  KERNEL_SRC=/path   your own kernel tree (it is only read)' \
		"  T='name...'        test, test-upstream: only those, shell patterns allowed" \
		"  RATIO= SEEDS= ONLY= TIMES= JOBS=   bench: what of it (tests/bench/matrix --help)" \
		'  PREFIX= DESTDIR=   install: where to'

demo: all kernel $(DEMO_PROGRAMS) ## redis in a guest with two memory tiers, under several policies
	$(Q)tests/demo/demo.sh

test: all tests kernel ## unit tests on the host, kselftests in guests
	$(Q)set -f; CONFIG=$(CONFIG) tests/run.sh $(T)

test-upstream: all kernel kernel-tree ## the kernel's own selftests: base, patched, with nop, with tpp
	$(Q)[ -n "$${BASE_KERNEL:-}" ] || kfuncs-patch/kernel-build.sh kernel base
	$(Q)set -f; tests/upstream/run.sh $(T)

test-debug: all tests ## guest tests in a debug kernel, chaos for 15 minutes, each policy for 5
	$(Q)kfuncs-patch/kernel-build.sh kernel debug
	$(Q)tests/test-debug.sh

deps: ## install the Debian packages that are needed, and say why; BENCH=1: for the measuring rig, too
	$(Q)BENCH=$(BENCH) tests/deps.sh list
	$(Q)BENCH=$(BENCH) tests/deps.sh install
	@mkdir -p $(BUILD) && touch $(BUILD)/deps.ok
	$(Q)[ -z "$(BENCH)" ] || { tests/bench/machine/qemu > /dev/null && touch $(BUILD)/deps-bench.ok; }

# Every other target goes through this. The package database is newer than the stamp
# exactly when packages came or went.
$(BUILD)/deps.ok: tests/deps.sh $(wildcard /var/lib/dpkg/status)
	$(Q)tests/deps.sh install
	@mkdir -p $(BUILD) && touch $@

# Likewise for the measuring rig.
$(BUILD)/deps-bench.ok: $(BUILD)/deps.ok tests/bench/machine/qemu
	$(Q)BENCH=1 tests/deps.sh install
	$(Q)tests/bench/machine/qemu > /dev/null
	@touch $@

##@ Build

all: policies loader ## policies and loader

policies: $(POLICY_OBJECTS) ## bpf/*.bpf.c

loader: $(TIERX) ## the tierx command

tests: unit-tests kselftest ## build the tests

# Without this tree's path in it: what was measured with a policy is known by the object's content.
define compile_policy
	$(call show,BPF,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) -target bpf -g -O2 -mcpu=v3 -Wall -Werror -MMD -MP -MT $@ \
		-ffile-prefix-map=$(CURDIR)=. -I $(TIERX_INCLUDE) -I $(BUILD)/include \
		-I $(BUILD)/tools/include -c $< -o $@
	$(Q)$(LLVM_STRIP) -g $@
endef

$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c Makefile $(VMLINUX_H) $(BUILD)/tools.key
	$(compile_policy)

# Policies that are bad on purpose: the rig has to show it.
$(BUILD)/bench/policies/%.bpf.o: tests/bench/policies/%.bpf.c Makefile $(VMLINUX_H) $(BUILD)/tools.key
	$(compile_policy)

LOADER_CFLAGS := -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -MMD -MP \
	-I $(TIERX_INCLUDE) -isystem $(BUILD)/tools/include -isystem $(BUILD)/loader
LOADER_LIBS := $(LIBBPF) -lelf -lz -lnuma -ljson-c

# The folder that policies are installed in is compiled in.
$(BUILD)/policy-dir: FORCE
	@mkdir -p $(@D)
	@echo '$(POLICY_DIR)' > $@.new && { $(call update,$@.new,$@); }

$(BUILD)/loader/%.o: loader/%.c Makefile $(BUILD)/policy-dir $(BUILD)/tools.key
	$(call show,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LOADER_CFLAGS) -DTIERX_POLICY_DIR='"$(POLICY_DIR)"' -c $< -o $@

# A program that tierx itself runs. Its headers are those of user space, and clang does not look
# where Debian has the machine's part of them.
$(BUILD)/loader/%.bpf.o: loader/%.bpf.c Makefile $(BUILD)/tools.key
	$(call show,BPF,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) -target bpf -g -O2 -mcpu=v3 -Wall -Werror -MMD -MP -MT $@ \
		-I $(BUILD)/tools/include -idirafter /usr/include/$(shell $(CC) -print-multiarch) \
		-c $< -o $@
	$(Q)$(LLVM_STRIP) -g $@

$(BUILD)/loader/%.skel.h: $(BUILD)/loader/%.bpf.o
	$(call show,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@

$(BUILD)/loader/shmem.o: $(BUILD)/loader/shmem.skel.h

$(TIERX): $(LOADER_OBJECTS)
	$(call show,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LOADER_LIBS) -o $@

unit-tests: $(UNIT_TESTS) $(UNIT_FIXTURES)

# With a vmlinux.h of their own: unit tests need no kernel.
$(BUILD)/tests/unit/fixtures/%.bpf.o: tests/unit/fixtures/%.bpf.c Makefile $(BUILD)/tools.key
	$(call show,BPF,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) -target bpf -g -O2 -mcpu=v3 -Wall -Werror -MMD -MP -MT $@ \
		-I tests/unit/fixtures -I $(TIERX_INCLUDE) -I $(BUILD)/tools/include -c $< -o $@

$(BUILD)/tests/unit/fixtures/%.txt: tests/unit/fixtures/%.txt
	@mkdir -p $(@D)
	@cp $< $@

$(BUILD)/tests/unit/%: tests/unit/%.c Makefile $(filter-out %/main.o,$(LOADER_OBJECTS))
	$(call show,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LOADER_CFLAGS) -I loader -I $(BUILD)/tools/selftests -MF $@.d $< \
		$(filter %.o,$^) $(LOADER_LIBS) -o $@

$(BUILD)/tests/demo/%: tests/demo/%.c Makefile | $(BUILD)/deps.ok
	$(call show,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -MMD -MP -MF $@.d $< \
		-lnuma -o $@

BENCH_CFLAGS := -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -MMD -MP

$(BUILD)/bench/%.o: tests/bench/%.c Makefile | $(BUILD)/deps.ok
	$(call show,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(BENCH_CFLAGS) -c $< -o $@

$(BENCH_WORKLOADS): $(BUILD)/bench/bin/%: $(BUILD)/bench/workloads/%.o $(BENCH_WORKLOAD_OBJECTS)
	$(call show,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $^ $(BENCH_LIBS) -lm -o $@

$(BUILD)/bench/bin/wl-sqlite: BENCH_LIBS := -lsqlite3

$(BUILD)/bench/bin/agerd: $(BUILD)/bench/contestants/agerd.o
	$(call show,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $^ -o $@

# What is in the guest that runs workloads under contestants. Policies are not: they are handed in,
# so that a change of one does not change the guest for all others.
BENCH_GUEST_PROGRAMS := $(BENCH_WORKLOADS) $(BUILD)/bench/bin/agerd $(TIERX)
BENCH_GUEST_FILES := $(wildcard tests/bench/guest/* tests/bench/contestants/*.sh)

$(BUILD)/bench/guest.cpio: $(BENCH_GUEST_PROGRAMS) $(BENCH_GUEST_FILES) $(BUILD)/tools.key \
		$(BUILD)/bench/image.cpio
	$(call show,IMAGE,$@)
	$(Q)tests/bench/machine/image $@ $(foreach p,$(BENCH_GUEST_PROGRAMS) $(BPFTOOL) $(shell command -v redis-server),$(p):/usr/bin/$(notdir $(p))) \
		$(foreach f,$(BENCH_GUEST_FILES),$(f):$(if $(filter %.sh,$(f)),/usr/share/bench/contestants,/usr/bin)/$(notdir $(f)))

# The server of the workload postgres comes with its database, so it has an image of its own.
$(BUILD)/bench/postgres.cpio: $(wildcard tests/bench/postgres/*) tests/bench/machine/image \
		| $(BUILD)/deps-bench.ok
	$(call show,IMAGE,$@)
	$(Q)tests/bench/postgres/image $@

$(BUILD)/bench/guest-postgres.cpio: $(BUILD)/bench/guest.cpio $(BUILD)/bench/postgres.cpio
	@cat $^ > $@

BENCH_POLICIES := $(patsubst tests/bench/%.c,$(BUILD)/bench/%.o,$(wildcard tests/bench/policies/*.bpf.c))

bench-workloads: policies $(BENCH_POLICIES) bench-machine $(BUILD)/bench/guest-postgres.cpio ## workloads and contestants: tests/bench/run

$(BUILD)/tests/bench/%: tests/bench/insns/%.c Makefile | $(BUILD)/deps.ok
	$(call show,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror $< -lnuma -o $@

kselftest: $(VMLINUX_H) $(BUILD)/tools.key
	$(Q)$(MAKE) --no-print-directory -C tests/kselftest OUTPUT=$(BUILD)/tests/kselftest \
		BPF_CLANG=$(CLANG) BPFTOOL=$(BPFTOOL) LIBBPF=$(LIBBPF) VMLINUX_H=$(VMLINUX_H) \
		LIBBPF_INCLUDE=$(BUILD)/tools/include TIER_EXT_INCLUDE=$(TIERX_INCLUDE) \
		KSELFTEST_INCLUDE=$(BUILD)/tools/selftests

-include $(wildcard $(BUILD)/bpf/*.d $(BUILD)/loader/*.d $(BUILD)/tests/unit/*.d \
	$(BUILD)/tests/unit/fixtures/*.d $(BUILD)/tests/demo/*.d \
	$(BUILD)/bench/*.d $(BUILD)/bench/*/*.d)

##@ Kernel

kernel-tree: $(BUILD)/deps.ok ## build/linux: kernel source with hooks applied and overlay linked in
	$(Q)kfuncs-patch/kernel-tree.sh tree

kernel: $(BUILD)/deps.ok ## build/$(CONFIG): the guest kernel, from the cache if nothing changed
	$(Q)kfuncs-patch/kernel-build.sh kernel $(CONFIG)

kernel-hooks-check: $(BUILD)/deps.ok ## do the hooks apply to every 6.12.y that the package index offers?
	$(Q)kfuncs-patch/hooks-check.sh

kernel-hooks-export: ## write the commits in build/linux back to kfuncs-patch/hooks
	$(Q)kfuncs-patch/kernel-tree.sh export

kernel-series: $(BUILD)/deps.ok ## build/series: patches to mail; CHECK=1 builds every step
	$(Q)kfuncs-patch/kernel-series.sh $(if $(CHECK),--check)

kernel-deb: $(BUILD)/deps.ok ## build/deb: kernel packages for this machine, or with KCONFIG=file
	$(Q)kfuncs-patch/kernel-deb.sh $(KCONFIG)

# Made from the guest kernel, and older than the policies as long as its text is the same.
$(VMLINUX_H): FORCE $(BUILD)/deps.ok
	$(Q)kfuncs-patch/kernel-build.sh kernel guest
	@mkdir -p $(@D)
	@cp $(BUILD)/guest/vmlinux.h $@.new && { $(call update,$@.new,$@); }

$(BUILD)/tools.key: FORCE $(BUILD)/deps.ok
	$(Q)kfuncs-patch/kernel-build.sh tools
	@readlink -f $(BUILD)/tools > $@.new && { $(call update,$@.new,$@); }

libbpf bpftool: $(BUILD)/tools.key ## libbpf and bpftool of the kernel tree, in build/tools

$(BUILD)/vm/initramfs.cpio: tests/vm/init tests/vm/initramfs.sh $(BUILD)/deps.ok
	$(Q)tests/vm/initramfs.sh $@

##@ Measure

# Programs of guests that are measured: linked statically, so that libraries are not in the image.
$(BUILD)/bench/%: tests/bench/machine/%.c Makefile | $(BUILD)/deps.ok
	$(call show,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -MMD -MP -MF $@.d $< -static -o $@

# Without line numbers: results are keyed by what is in it.
$(BUILD)/bench/tier.so: $(wildcard tests/bench/plugin/*.[ch]) tests/bench/count.h Makefile | $(BUILD)/deps.ok
	$(call show,PLUGIN,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -g0 -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wno-unused-parameter -Werror -fPIC -shared \
		-fvisibility=hidden $(filter %.c,$^) -o $@

$(BUILD)/bench/image.cpio: tests/bench/machine/image tests/bench/machine/init $(BENCH_MACHINE_PROGRAMS)
	$(call show,IMAGE,$@)
	$(Q)tests/bench/machine/image $@ $(foreach p,$(BENCH_MACHINE_PROGRAMS),$(p):/usr/bin/$(notdir $(p)))

bench: bench-workloads ## policies and peers side by side: build/bench/report.html; QUICK=1: in 10 minutes
	$(Q)tests/bench/matrix

bench-tune: bench-workloads ## search the best settings of the peers, which make bench then uses
	$(Q)tests/bench/tune

bench-keep: ## put lines of runs beside the sources (tests/bench/results), so that others go on from there
	@mkdir -p tests/bench/results
	$(Q)for f in $(BUILD)/bench/results/*.jsonl; do xz -c "$$f" > "tests/bench/results/$${f##*/}.xz"; done

bench-machine: $(BUILD)/deps-bench.ok kernel $(BUILD)/bench/tier.so $(BUILD)/bench/image.cpio ## the guest that is measured from outside: tests/bench/machine/boot

bench-calibrate: bench-machine ## can what is counted and timed there be trusted? compares with theory
	$(Q)tests/bench/machine/calibrate

bench-insns: all kernel $(BENCH_PROGRAMS) ## instructions per page fault and read: unpatched, patched, with nop
	$(Q)kfuncs-patch/kernel-build.sh kernel base
	$(Q)tests/bench/insns/run.sh

bench-scan: all kernel kselftest ## instructions per folio of a scan, by number of processes
	$(Q)tests/bench/scan/run.sh

bench-swap: all kernel $(BENCH_PROGRAMS) ## instructions and time of replacing a policy, idle and under load
	$(Q)tests/bench/swap/run.sh

bench-growth: bench-workloads ## what ticks cost in guests of 2 to 64 GiB and with 1 to 1,000 processes
	$(Q)tests/bench/growth/run.sh

##@ Check and install

check: kernel-tree $(VMLINUX_H) $(BUILD)/tools.key ## style, headers, kernel-doc, spelling, shell scripts
	$(Q)CLANG=$(CLANG) CLANG_FORMAT=$(CLANG_FORMAT) tests/check.sh

format: ## let clang-format lay out our C files
	$(Q)git ls-files -co --exclude-standard 'loader/*.[ch]' 'include/*.h' 'bpf/*.c' 'tests/*.[ch]' | \
		xargs -r $(CLANG_FORMAT) -i

install: all ## into DESTDIR and PREFIX
	install -D -t $(DESTDIR)$(PREFIX)/bin $(TIERX)
	install -D -m 644 -t $(DESTDIR)$(POLICY_DIR) $(POLICY_OBJECTS)
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/include/tier_ext include/tier_ext/*.h
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man8 loader/tierx.8

uninstall: ## remove what install put there
	rm -rf $(DESTDIR)$(PREFIX)/lib/tier_ext $(DESTDIR)$(PREFIX)/include/tier_ext
	rm -f $(DESTDIR)$(PREFIX)/bin/tierx $(DESTDIR)$(PREFIX)/share/man/man8/tierx.8

clean: ## remove objects; keep the kernel tree and build
	rm -rf $(addprefix $(BUILD)/,bin bpf loader tests include series vm)

distclean: ## remove build/; the cache under ~/.cache/tier_ext stays
	rm -rf $(BUILD)

FORCE:
.PHONY: help demo test test-upstream test-debug deps all policies loader tests unit-tests kselftest kernel-tree kernel \
	bench bench-tune bench-workloads bench-machine bench-calibrate bench-insns bench-scan bench-swap bench-growth \
	kernel-hooks-check kernel-hooks-export kernel-series kernel-deb libbpf bpftool check format \
	install uninstall clean distclean FORCE
