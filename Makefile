# SPDX-License-Identifier: GPL-2.0-or-later
#
# netpol for people; Kbuild is what the kernel's build reads.
#
#   make               the tool, and the module for the running kernel
#   make KERNELDIR=D   the same for the kernel whose headers are in D
#   make install       into $(DESTDIR); make dkms-install: the module by DKMS
#   make demo          a small cluster in a virtual machine
#   make check         all tests; make help: every target

SHELL := /bin/bash
VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
KERNELDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr
DESTDIR ?=
CC ?= gcc
CLANG ?= clang-14
CFLAGS ?= -O2 -g
B := build

.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
.PHONY: all help module modules tools install dkms-install clean deps demo generate check \
	check-unit check-client check-fuzz check-static check-truth check-dkms check-vm \
	check-browser check-bench check-packets check-kube check-deb check-cluster cluster unit-bins client-bins fuzz-bins selftest-bins e2e-bins truth-bins kube-bins \
	kselftest FORCE

all: tools module

help:
	@sed -n '3,9s/^# \{0,1\}//p' Makefile
	@echo '  make sign          the installed module, for Secure Boot; SIGN_KEY=, SIGN_CERT='
	@echo '  make deb           Debian packages: netpolctl, netpol-dkms'
	@echo '  make deps          install the packages that all of this needs'
	@echo '  make modules       the module for each kernel that it is tested on'
	@echo '  make image         a container image of the tool, as an OCI archive'
	@echo '  make image-module  an image that builds and loads the module on nodes without DKMS'
	@echo '  make generate      what docs/netlink/netpol.yaml says, as C, and the man pages'
	@echo '  make check-unit    userspace unit tests, under ASan and UBSan'
	@echo '  make check-client  API client against a scripted API server'
	@echo '  make check-fuzz    fuzzers, FUZZ_SECONDS=20 each'
	@echo '  make check-browser pages of the tool in a real browser'
	@echo '  make soak-agent    the node agent through an hour of a large cluster, SOAK_SECONDS=3600'
	@echo '  make check-bench   the benches of the control path, in short'
	@echo '  make check-static  compiler warnings, sparse, checkpatch, cppcheck'
	@echo '  make check-truth   truth tables and random worlds: core, module and packets'
	@echo '                     against a naive evaluator, on each kernel; TRUTH_SEED=N,'
	@echo '                     TRUTH_NIGHTLY=1 ten times as many worlds'
	@echo '  make nightly-worlds random worlds in the core, VERDICTS=10000000 and SEED=today'
	@echo '  make check-packets the packet bench in small: every rule set, same verdicts'
	@echo '  make check-dkms    DKMS builds, loaded in a virtual machine'
	@echo '  make check-deb     Debian packages: installed, upgraded, removed with policies in force'
	@echo '  make bench-packets what a packet costs, beside iptables, nft and BPF'
	@echo '  make bench         every bench, and build/bench/report.html over them'
	@echo '  make bench-PART    one: insn, packets, changes, memory, adversary, follow, agent'
	@echo '  make check-vm      selftests and end-to-end tests on each kernel;'
	@echo '                     T="NAME..." runs only these, KERNELS=6.12 only there'
	@echo '  make check-kernels the same on every kernel: 5.10, 6.1, 6.12 and the newest of Debian'
	@echo '  make check-debug   selftests and end-to-end tests on a kernel with KASAN, lockdep and kmemleak'
	@echo '  make check-kube    two node agents and a real API server, CHANGES=300'
	@echo '  make check-cluster pods that a real kubelet runs, on an emulated node'
	@echo '  make cluster       a shell with kubectl in such a cluster; COMMAND="..." instead of it'

# --- the module --------------------------------------------------------------

# $(call release,HEADERS)
release = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(1)/include/generated/utsrelease.h 2>/dev/null)
KVER = $(call release,$(KERNELDIR))
module-src = $(wildcard Kbuild dkms.conf kmod/*.[ch] kmod/*.sh kmod/core/*.[ch] \
	include/*.h include/*/*.h uapi/linux/*.h)

# Each kernel is built from its own copy, so that two don't share objects. Where the kernel can
# tell what code a request has been to (KCOV), the module does, for tests/selftests/guided.c.
coverage = $(if $(shell grep -sx CONFIG_KCOV=y $(KERNELDIR)/.config),KCOV_INSTRUMENT=y)
module:
	@if [ -z "$(KVER)" ]; then \
		echo "no kernel headers in $(KERNELDIR): install the package" \
			"linux-headers-$$(uname -r), or give KERNELDIR=..." >&2; \
		exit 1; \
	fi
	@tests/run/sync-tree.sh $(B)/$(KVER)/src $(module-src)
	+$(MAKE) -C $(KERNELDIR) M=$(CURDIR)/$(B)/$(KVER)/src $(coverage) modules
	@cp $(B)/$(KVER)/src/netpol.ko $(B)/$(KVER)/netpol.ko
	@echo "$(B)/$(KVER)/netpol.ko"

KERNELS ?= 6.1 6.12
modules:
	+@for k in $(KERNELS); do \
		$(MAKE) --no-print-directory module \
			KERNELDIR=$$(tests/run/kernel.sh headers $$k) || exit 1; \
	done

# --- userspace ---------------------------------------------------------------

core-src := $(sort $(wildcard kmod/core/*.c))
lib-src := $(sort $(wildcard tools/lib/*/*.c))
tool-src := $(sort $(wildcard tools/netpolctl/*.c))
unit-src := $(sort $(wildcard tests/unit/test_*.c))
fuzz-src := $(sort $(wildcard tests/fuzz/fuzz_*.c))
selftest-src := $(sort $(wildcard tests/selftests/*.c))
e2e-src := $(sort $(wildcard tests/e2e/*.c))

UCPPFLAGS := -D_GNU_SOURCE -DNETPOL_VERSION=\"$(VERSION)\" \
	-iquote tools/lib -iquote kmod -Iinclude -Iuapi
UCFLAGS := -std=gnu11 -fno-strict-aliasing -Wall -Wextra -Wno-unused-parameter \
	-Wno-sign-compare -Wno-missing-field-initializers \
	-Werror=implicit-function-declaration
ULIBS := -Wl,--as-needed -lyaml -lcjson -lnl-genl-3 -lnl-route-3 -lnl-3 -lcurl -lssl -lcrypto -lmicrohttpd \
	-lz -lm -lpthread -Wl,--no-as-needed
libnl := $(shell pkg-config --cflags libnl-genl-3.0 2>/dev/null)
san := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined -DNETPOL_DEBUG_LIST

# $(call userspace,DIR,COMPILER,FLAGS): the core and tools/lib as an archive.
define userspace
$(1)/%.o: %.c
	@mkdir -p $$(@D)
	$(2) $$(UCPPFLAGS) $$(libnl) $$(UCFLAGS) $(3) $$(CPPFLAGS_EXTRA) -MMD -MP -c -o $$@ $$<

$(1)/libnetpol.a: $$(addprefix $(1)/,$$(core-src:.c=.o) $$(lib-src:.c=.o))
	@mkdir -p $$(@D)
	@rm -f $$@
	ar rcs $$@ $$^
endef
$(eval $(call userspace,$(B)/obj,$$(CC),$$(CFLAGS)))
$(eval $(call userspace,$(B)/asan,$$(CC),$$(san)))
$(eval $(call userspace,$(B)/fuzz/obj,$$(CLANG),$$(san) -fsanitize=fuzzer-no-link))
-include $(shell find $(B)/obj $(B)/asan $(B)/fuzz/obj -name '*.d' 2>/dev/null)

# The pages of netpolctl matrix and graph are part of the tool.
$(foreach d,obj asan fuzz/obj,$(B)/$(d)/tools/lib/matrix/html.o): tools/lib/matrix/page.html
$(foreach d,obj asan fuzz/obj,$(B)/$(d)/tools/lib/graph/html.o): tools/lib/graph/page.html

tools: $(if $(tool-src),$(B)/netpolctl)

$(B)/netpolctl: $(addprefix $(B)/obj/,$(tool-src:.c=.o)) $(B)/obj/libnetpol.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(ULIBS)

unit-bins: $(unit-src:tests/unit/%.c=$(B)/unit/%)
# test_diff and test_graph make up clusters, and ask the naive evaluator; test_history makes them up
# only, and test_convert asks only.
$(B)/unit/test_diff $(B)/unit/test_graph $(B)/unit/test_history $(B)/unit/test_convert: $(patsubst %,$(B)/asan/tests/evaluator/%.o,evaluator history model)
$(B)/unit/%: $(B)/asan/tests/unit/%.o $(B)/asan/libnetpol.a
	@mkdir -p $(@D)
	$(CC) $(san) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(ULIBS)

# The API client by itself: with sanitizers for its tests, without to measure.
client-bins: $(B)/kube/follow $(B)/kube/follow-plain
$(B)/kube/follow: $(B)/asan/tests/kube/follow.o $(B)/asan/libnetpol.a
	@mkdir -p $(@D)
	$(CC) $(san) -o $@ $^ $(ULIBS)
$(B)/kube/follow-plain: $(B)/obj/tests/kube/follow.o $(B)/obj/libnetpol.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $^ $(ULIBS)

fuzz-bins: $(fuzz-src:tests/fuzz/%.c=$(B)/fuzz/%)
$(B)/fuzz/fuzz_%: $(B)/fuzz/obj/tests/fuzz/fuzz_%.o $(B)/fuzz/obj/libnetpol.a
	$(CLANG) $(san) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(filter %.a,$^) $(ULIBS)

kselftest: $(B)/kselftest/kselftest.h
$(B)/kselftest/kselftest.h: tests/run/kselftest.sh
	@tests/run/kselftest.sh $(B)/kselftest
	@touch $@

selftest-bins: $(selftest-src:tests/selftests/%.c=$(B)/selftests/%)
$(B)/obj/tests/selftests/%.o: CPPFLAGS_EXTRA = -isystem $(B)/kselftest -Itests/selftests
$(selftest-src:%.c=$(B)/obj/%.o): | $(B)/kselftest/kselftest.h
$(B)/selftests/%: $(B)/obj/tests/selftests/%.o $(B)/obj/libnetpol.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $^ $(ULIBS)

e2e-bins: $(e2e-src:tests/e2e/%.c=$(B)/e2e/%)
$(B)/e2e/%: $(B)/obj/tests/e2e/%.o $(B)/obj/libnetpol.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(ULIBS)

$(B)/e2e/feed $(B)/bench/bin/agent $(B)/bench/bin/agent_adversary $(B)/bench/bin/follow \
	$(B)/bench/bin/soak: $(B)/obj/tests/bench/listing.o
$(B)/bench/bin/soak: $(B)/obj/tests/bench/inside.o

# The agent's cluster test.
kube-lib := $(addprefix tests/kube/,scenario api change cluster kind latency pieces prober) tests/evaluator/evaluator
kube-bins: $(B)/kube/scenario
$(B)/kube/scenario: $(kube-lib:%=$(B)/obj/%.o) $(B)/obj/libnetpol.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $^ $(ULIBS)

# The program in the pods of the cluster test; static, as nothing else is in their image.
$(B)/cluster/pod: tests/cluster/pod.c tests/e2e/e2e.h
	@mkdir -p $(@D)
	$(CC) -D_GNU_SOURCE $(UCFLAGS) $(CFLAGS) -static -o $@ $<

# Truth tables and random worlds: for this process (sanitized) and for a VM.
truth-lib := $(addsuffix .o,$(addprefix tests/truth/,table ask) tests/evaluator/evaluator) libnetpol.a
worlds-lib := $(addsuffix .o,$(addprefix tests/truth/,run run_module compare books shrink audits) \
	tests/evaluator/history tests/evaluator/model)
$(B)/fuzz/fuzz_core: $(addprefix $(B)/fuzz/obj/,$(worlds-lib) $(truth-lib))
truth-bins: $(addprefix $(B)/truth/,core worlds-asan explain module packets noise stress worlds)
$(B)/truth/worlds: $(addprefix $(B)/obj/,$(worlds-lib))
$(B)/truth/packets: $(B)/obj/tests/truth/net.o $(B)/obj/tests/truth/flow.o
$(B)/truth/noise $(B)/truth/stress: $(B)/obj/tests/truth/net.o $(B)/obj/tests/truth/noise_packet.o
$(B)/truth/%: $(B)/obj/tests/truth/%.o $(addprefix $(B)/obj/,$(truth-lib))
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(ULIBS)
$(B)/truth/core: $(addprefix $(B)/asan/,tests/truth/core.o $(truth-lib))
	@mkdir -p $(@D)
	$(CC) $(san) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(ULIBS)
$(B)/truth/worlds-asan: $(addprefix $(B)/asan/,tests/truth/worlds.o $(worlds-lib) $(truth-lib))
	@mkdir -p $(@D)
	$(CC) $(san) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(ULIBS)
$(B)/truth/explain: $(addprefix $(B)/asan/,tests/truth/explain.o tests/evaluator/history.o tests/evaluator/model.o $(truth-lib))
	@mkdir -p $(@D)
	$(CC) $(san) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(ULIBS)

# Programs of the benches that share the made-up clusters: build/bench/bin/NAME.
bench-common := $(addprefix $(B)/obj/tests/bench/,shape.o change.o rows.o loader.o gap.o prober.o probed.o)
$(B)/obj/tests/bench/prober.o: CPPFLAGS_EXTRA = -isystem $(B)/kselftest -Itests/selftests
$(B)/obj/tests/bench/prober.o: | $(B)/kselftest/kselftest.h
$(B)/bench/bin/%: $(B)/obj/tests/bench/%.o $(bench-common) $(B)/obj/libnetpol.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(ULIBS)

.SECONDARY:

# --- installing --------------------------------------------------------------

man-pages = $(wildcard docs/man/*.[1-8])
UNITDIR ?= $(PREFIX)/lib/systemd/system
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
STRIP ?= strip
module-dir = $(DESTDIR)/lib/modules/$(KVER)/updates

# $(call put,FILES,FOLDER)
put = $(foreach f,$(1),install -D -m 644 $(f) $(DESTDIR)$(2)/$(notdir $(f));)

.PHONY: install-tool install-module install-fragments
install: install-tool install-module
	@deploy/installed.sh $(KVER)

install-tool: tools
	install -D -m 755 $(B)/netpolctl $(DESTDIR)$(PREFIX)/sbin/netpolctl
	$(foreach m,$(man-pages),install -D -m 644 $(m) \
		$(DESTDIR)$(PREFIX)/share/man/man$(patsubst .%,%,$(suffix $(m)))/$(notdir $(m));)
	$(call put,deploy/completion/netpolctl,$(PREFIX)/share/bash-completion/completions)
	$(call put,deploy/completion/_netpolctl,$(ZSHDIR))
	$(call put,deploy/completion/netpolctl.fish,$(PREFIX)/share/fish/vendor_completions.d)
	$(call put,$(wildcard deploy/systemd/*.service),$(UNITDIR))
	$(call put,deploy/systemd/kubelet.service.d/50-netpol.conf,$(PREFIX)/share/netpolctl)
	$(call put,$(wildcard deploy/sysctl.d/*.conf),$(PREFIX)/lib/sysctl.d)
	[ -e $(DESTDIR)/etc/netpol/sync.env ] || \
		install -D -m 644 deploy/systemd/sync.env $(DESTDIR)/etc/netpol/sync.env

# Debug information is nine tenths of the module; what is left has the symbols that an oops names.
install-module: module install-fragments
	install -d $(module-dir)
	$(STRIP) --strip-debug -o $(module-dir)/netpol.ko $(B)/$(KVER)/netpol.ko
	chmod 644 $(module-dir)/netpol.ko
	[ -n "$(DESTDIR)" ] || depmod $(KVER)

# The module that make install has installed, by the machine's own key: the one that DKMS makes.
SIGN_KEY ?= /var/lib/dkms/mok.key
SIGN_CERT ?= /var/lib/dkms/mok.pub
.PHONY: sign
sign:
	@for f in $(SIGN_KEY) $(SIGN_CERT) $(module-dir)/netpol.ko; do \
		if [ ! -e $$f ]; then \
			echo "there is no $$f (docs/install.md, Secure Boot)" >&2; \
			exit 1; \
		fi; \
	done
	$(KERNELDIR)/scripts/sign-file sha256 $(SIGN_KEY) $(SIGN_CERT) $(module-dir)/netpol.ko

install-fragments:
	$(call put,$(wildcard deploy/modules-load.d/*.conf),$(PREFIX)/lib/modules-load.d)

dkms-src = /usr/src/netpol-$(VERSION)
dkms-install:
	rm -rf $(DESTDIR)$(dkms-src)
	@tests/run/sync-tree.sh $(DESTDIR)$(dkms-src) $(module-src)
	[ -n "$(DESTDIR)" ] || { \
		if [ -n "$$(dkms status netpol/$(VERSION))" ]; then \
			dkms remove netpol/$(VERSION) --all; fi; \
		dkms add netpol/$(VERSION) && \
		dkms build netpol/$(VERSION) $(if $(KVER),-k $(KVER)) && \
		dkms install netpol/$(VERSION) $(if $(KVER),-k $(KVER)); }

# The image of the tool, without a container engine: load it with `ctr -n k8s.io image import`
# or `podman load -i`, or copy it to a registry with skopeo.
.PHONY: image image-name
IMAGE ?= localhost/netpolctl
IMAGE_ROOT ?= $(B)/image/root
IMAGE_FILE ?= $(B)/image/netpolctl-$(VERSION)-$(arch).tar
arch = $(shell dpkg --print-architecture)
image: tools
	@mkdir -p $(B)/image
	@deploy/image/root.sh $(B)/netpolctl $(IMAGE_ROOT)
	@deploy/image/oci.py $(IMAGE_ROOT) $(IMAGE_FILE) $(IMAGE):$(VERSION) $(arch) /usr/sbin/netpolctl \
		org.opencontainers.image.title=netpolctl \
		org.opencontainers.image.version=$(VERSION) \
		org.opencontainers.image.licenses=GPL-2.0-or-later
	@echo "$(IMAGE_FILE): $(IMAGE):$(VERSION)"
image-name:
	@echo $(IMAGE)

# The image that builds and loads the module on a node without DKMS; a quarter of a gigabyte.
.PHONY: image-module
image-module: deps
	@deploy/image/module/root.sh $(B)/image/module $(module-src)
	@deploy/image/oci.py $(B)/image/module $(B)/image/netpol-module-$(VERSION)-$(arch).tar \
		localhost/netpol-module:$(VERSION) $(arch) /usr/sbin/netpol-load \
		org.opencontainers.image.title=netpol-module \
		org.opencontainers.image.version=$(VERSION)
	@echo "$(B)/image/netpol-module-$(VERSION)-$(arch).tar: localhost/netpol-module:$(VERSION)"

# netpolctl_*.deb and netpol-dkms_*.deb in build/deb, from a copy of the tree.
.PHONY: deb
deb:
	rm -rf $(B)/deb
	mkdir -p $(B)/deb/netpol-$(VERSION)
	tar -c --exclude-vcs --exclude=./$(B) . | tar -x -C $(B)/deb/netpol-$(VERSION)
	cd $(B)/deb/netpol-$(VERSION) && dpkg-buildpackage -b -us -uc
	rm -r $(B)/deb/netpol-$(VERSION)
	@ls $(B)/deb/*.deb

# The same content as RPM packages, in build/rpm/RPMS.
.PHONY: rpm
rpm:
	rm -rf $(B)/rpm
	mkdir -p $(B)/rpm/SOURCES
	tar -cz --exclude-vcs --exclude=./$(B) --transform='s,^\.,netpol-$(VERSION),' \
		-f $(B)/rpm/SOURCES/netpol-$(VERSION).tar.gz .
	rpmbuild -bb $(RPMFLAGS) --define '_topdir $(CURDIR)/$(B)/rpm' \
		--define 'netpol_version $(VERSION)' deploy/rpm/netpol.spec
	@find $(B)/rpm/RPMS -name '*.rpm'

clean:
	rm -rf $(B)

# --- trying and testing ------------------------------------------------------

deps:
	@tests/run/deps.sh

# The files are committed; a node that builds the module has no generator.
generate: deps
	@docs/netlink/generate.py
	+@$(MAKE) --no-print-directory -s tools
	@docs/man/generate.py

# Installs what the demo needs, no more. What takes longer than a moment says so.
demo-bins := $(addprefix $(B)/e2e/,hold probe verdict)
demo:
	@tests/run/deps.sh demo
	@echo 'building netpolctl and the programs of the demo'
	+@$(MAKE) --no-print-directory -s -j$$(nproc) tools $(demo-bins) >/dev/null
	@echo 'building netpol.ko for Linux 6.12'
	+@$(MAKE) --no-print-directory -s modules KERNELS=6.12 >/dev/null
	@echo 'booting a virtual machine; the first time, its kernel is fetched from Debian'
	@rel=$$(tests/run/kernel.sh release 6.12) && tests/vm/run -k 6.12 -t 600 \
		-m $(B)/$$rel/netpol.ko -f $(B)/netpolctl:/usr/sbin/netpolctl \
		-d tests/e2e:/tests/e2e $(foreach b,$(demo-bins),-f $(b):/tests/bin/$(notdir $(b))) \
		-d examples:/examples -- bash /tests/e2e/demo.sh

# A control plane here and a node in a virtual machine: docs/testing.md.
cluster: deps
	+@tests/cluster/cluster.sh

check: deps
	+@tests/run/check.sh unit client static fuzz browser bench truth packets insn dkms vm kube

check-unit check-client check-fuzz check-static check-truth check-insn check-dkms check-deb check-vm check-browser check-bench check-packets check-kube check-cluster: check-%: deps
	+@tests/run/check.sh $*

# Every kernel that netpol is for, with all selftests and end-to-end tests, by hand: hours.
.PHONY: check-kernels
check-kernels: deps
	+@KERNELS="5.10 6.1 6.12 newest" tests/run/check.sh vm

# The selftests on the kernel with checkers alone; builds it the first time.
.PHONY: check-debug
check-debug: deps
	+@KERNELS=debug tests/run/check.sh vm

# --- measuring ---------------------------------------------------------------

.PHONY: bench-insn bench-insn-accept bench-packets

$(B)/bench/insn: tests/bench/insn.c tests/bench/insn.h $(wildcard tests/selftests/*.h)
	@mkdir -p $(@D)
	$(CC) $(UCPPFLAGS) $(UCFLAGS) $(CFLAGS) -o $@ $<

# What QEMU loads and calls; its functions are QEMU's.
$(B)/bench/lines.so: tests/bench/lines.c tests/bench/insn.h
	@mkdir -p $(@D)
	$(CC) $(UCPPFLAGS) $(UCFLAGS) $(CFLAGS) -fPIC -fvisibility=hidden -shared -o $@ $<

bench-insn: deps
	+@tests/bench/insn.sh full

bench-insn-accept: deps
	+@tests/bench/insn.sh full accept

bench-packets: deps
	@tests/bench/packets.sh

# By hand: an hour of the agent's clock takes some minutes.
.PHONY: soak-agent
soak-agent: deps
	+@$(MAKE) --no-print-directory $(B)/bench/bin/soak
	@mkdir -p $(B)/bench
	$(B)/bench/bin/soak -s $(or $(SOAK_SECONDS),3600) -o $(B)/bench/soak.json

# By hand, or each night: random worlds in the core until so many verdicts were compared.
.PHONY: nightly-worlds
nightly-worlds: deps
	+@$(MAKE) -s $(B)/truth/worlds-asan
	@tests/truth/nightly.sh $(or $(VERDICTS),10000000) $(SEED)

# What changes cost, memory, adversaries; and all benches with the page over them.
.PHONY: bench bench-changes bench-memory bench-adversary bench-follow bench-agent
bench-changes bench-memory bench-adversary bench-follow: bench-%: deps
	+@tests/bench/world.sh $*

# The node agent: what a large cluster takes, and what tenants can do to it.
bench-agent: deps
	+@$(MAKE) -s build/bench/bin/agent build/bench/bin/agent_adversary
	@build/bench/bin/agent -o build/bench/agent.json
	@build/bench/bin/agent_adversary -o build/bench/agent_adversary.json

bench: deps
	+@tests/bench/bench.sh
