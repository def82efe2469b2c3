# SPDX-License-Identifier: GPL-2.0-or-later
# The toolstack: libraries (tools/libs/X/X.mk), programs (tools/X/X.mk) and their unit tests.
# Each is built to run here and on ARM64, with ASan and UBSan for unit tests, for fuzzing and to count
# what runs. Sources of one architecture are in a folder of its name (x86, arm64).
#   $(eval $(call tools_lib,NAME))                    archive of tools/libs/NAME/*.c
#   $(eval $(call tools_prog,NAME,LIBS,LDLIBS))       static program of tools/NAME/*.c
#   $(eval $(call tools_test,NAME,SUPPORT,LIBS,LDLIBS)) tools/test/test-NAME.c, run by tools-unit
# A folder may hold what else is installed: X.service and X.mount (systemd), X.1, X.5 and X.8 (man
# pages), X.bash (completion of X), X.default (/etc/default/X), X.conf (/etc/xen), X.modules-load
# (/usr/lib/modules-load.d/X). tools_links are other names of programs: NAME:PROGRAM.

tools_envs := tools tools-arm64 tools-asan tools-fuzz tools-cov
tools_arch = $(if $(filter tools-arm64,$(1)),arm64,x86)
tools_cflags := -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes \
	-Wvla -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers \
	-fno-strict-aliasing -fwrapv -fdebug-prefix-map=$(CURDIR)=. -ffile-prefix-map=$(CURDIR)/= \
	-ffunction-sections -fdata-sections -D_GNU_SOURCE -D__XEN_TOOLS__ -Itools/libs -Ixen/include \
	-I$(BUILD)/abi
tools_sanitize := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
# Invariants are asserted in the builds for tests and fuzzing.
tools_cflags_tools := $(tools_cflags) -DNDEBUG
tools_cflags_tools-asan := $(tools_cflags) $(tools_sanitize)
tools_cflags_tools-fuzz := $(tools_cflags) $(tools_sanitize) -fsanitize=fuzzer-no-link
tools_cc_tools-fuzz := clang
# The libraries for ARM64 are in the cache (group tools-arm64 of scripts/packages.txt).
tools_arm64_root := $(or $(XENOLITH_CACHE),.cache)/root/tools-arm64
tools_cc_tools-arm64 := $(CROSS_ARM64)gcc
tools_cflags_tools-arm64 := $(tools_cflags_tools) --sysroot=$(tools_arm64_root)
tools_ldflags_tools-arm64 := --sysroot=$(tools_arm64_root)
tools_cflags_tools-cov := $(tools_cflags) -O1 --coverage

# $(call tools_env,ENV): sources of the tools, and parsers of the hypervisor that they share.
define tools_env
$$(BUILD)/$(1)/%.o: tools/%.c tools/tools.mk | $$(BUILD)/abi/public
	$$(SAY) CC '$(1) $$*'
	$$(Q)mkdir -p $$(@D) && $$(or $$(tools_cc_$(1)),$$(CC)) $$(tools_cflags_$(1)) -MMD -MP -c -o $$@ $$<
$$(BUILD)/$(1)/xen-lib/%.o: xen/lib/%.c tools/tools.mk | $$(BUILD)/abi/public
	$$(SAY) CC '$(1) xen-lib/$$*'
	$$(Q)mkdir -p $$(@D) && $$(or $$(tools_cc_$(1)),$$(CC)) $$(tools_cflags_$(1)) -MMD -MP -c -o $$@ $$<
-include $$(shell find $$(BUILD)/$(1) -name '*.d' 2>/dev/null)
endef
$(foreach e,$(tools_envs),$(eval $(call tools_env,$(e))))

# $(call tools_objs,ENV,DIR)
tools_objs = $(patsubst tools/%.c,$(BUILD)/$(1)/%.o,$(sort $(wildcard tools/$(2)/*.c \
	tools/$(2)/$(call tools_arch,$(1))/*.c)))

# $(call tools_archive,ENV,NAME); tools_extra_NAME and tools_extra_NAME_ARCH
# name objects outside the library's folder.
define tools_archive
$$(BUILD)/$(1)/lib$(2).a: $$(call tools_objs,$(1),libs/$(2)) \
		$$(addprefix $$(BUILD)/$(1)/,$$(tools_extra_$(2)) $$(tools_extra_$(2)_$(call tools_arch,$(1))))
	$$(SAY) AR $$@
	$$(Q)rm -f $$@ && ar rcsD $$@ $$^
endef
tools_lib = $(foreach e,$(tools_envs),$(call tools_archive,$(e),$(1))$(newline))
define newline


endef

define tools_prog
tools_programs += $$(BUILD)/tools/bin/$(1)
tools_programs_arm64 += $$(BUILD)/tools-arm64/bin/$(1)
$(foreach e,tools tools-arm64,$(call tools_prog_in,$(e),$(1),$(2),$(3))$(newline))
endef
# $(call tools_prog_in,ENV,NAME,LIBS,LDLIBS)
define tools_prog_in
$$(BUILD)/$(1)/bin/$(2): $$(call tools_objs,$(1),$(2)) $(foreach l,$(3),$$(BUILD)/$(1)/lib$(l).a)
	$$(SAY) LD $$@
	$$(Q)mkdir -p $$(@D) && $$(or $$(tools_cc_$(1)),$$(CC)) -static -Wl,--gc-sections -o $$@ $$^ \
		$$(tools_ldflags_$(1)) $(4)
endef

define tools_test
tools_tests += $(1)
$$(BUILD)/tools-asan/test/test-$(1): $(foreach o,test-$(1) $(2),$$(BUILD)/tools-asan/test/$(o).o) \
		$(foreach l,$(3),$$(BUILD)/tools-asan/lib$(l).a)
	$$(SAY) LD $$@
	$$(Q)$$(CC) $$(tools_cflags_tools-asan) -o $$@ $$^ -lcmocka $(4)
endef

tools_programs :=
tools_programs_arm64 :=
tools_links :=
tools_tests :=
include $(sort $(wildcard tools/libs/*/*.mk tools/*/*.mk))

$(BUILD)/tools-asan/test/%.result: $(BUILD)/tools-asan/test/test-% FORCE
	$(Q)sh xen/test/unit/run-test.sh tools-$* $< $@ 120

# $(call tools_install,MODE,FILES,FOLDER)
tools_install = $(if $(2),install -D -m $(1) -t $(DESTDIR)$(3) $(2))
# $(call tools_install_as,FILES,FOLDER): each under its name without the suffix
tools_install_as = $(foreach f,$(1),install -D -m 644 $(f) $(DESTDIR)$(2)/$(notdir $(basename $(f))) &&) :
.PHONY: tools tools-arm64 tools-unit tools-install test-tools-install test-tools-xlcfg
tools-install: $(tools_programs) ## install the toolstack (DESTDIR=...)
	$(Q)$(call tools_install,755,$(tools_programs),/usr/sbin)
	$(Q)$(foreach l,$(tools_links),ln -sfn \
		$(lastword $(subst :, ,$(l))) $(DESTDIR)/usr/sbin/$(firstword $(subst :, ,$(l))) &&) :
	$(Q)$(call tools_install,644,$(wildcard tools/*/*.service tools/*/*.mount),/usr/lib/systemd/system)
	$(Q)$(foreach s,1 5 8,$(call tools_install,644,$(wildcard tools/*/*.$(s)),/usr/share/man/man$(s)) &&) :
	$(Q)$(call tools_install_as,$(wildcard tools/*/*.bash),/usr/share/bash-completion/completions)
	$(Q)$(call tools_install_as,$(wildcard tools/*/*.default),/etc/default)
	$(Q)$(call tools_install_as,$(wildcard tools/*/*.modules-load),/usr/lib/modules-load.d)
	$(Q)$(call tools_install,644,$(wildcard tools/*/*.conf),/etc/xen)
	$(Q)install -d $(DESTDIR)/var/lib/xen
test-tools-install: $(tools_programs) ## what tools-install installs is whole, and agrees with xl help
	$(Q)$(PYTHON) tools/test/test_install.py $(BUILD)
test-tools-xlcfg: $(BUILD)/tools/bin/xl ## xl reads configurations as Debian's xl 4.17 does
	$(Q)$(PYTHON) tools/test/xlcfg/test_xlcfg.py $<
tools: $(tools_programs) ## build the toolstack: build/tools/bin
tools-arm64: $(tools_programs_arm64) ## build the toolstack for ARM64: build/tools-arm64/bin
$(tools_programs_arm64): | $(tools_arm64_root)
$(tools_arm64_root):
	$(Q)scripts/setup.sh --no-install --group tools-arm64
tools-unit: $(tools_tests:%=$(BUILD)/tools-asan/test/%.result) ## run the toolstack's unit tests
	@cat $^ /dev/null | awk '/^UNIT / { p += $$3; f += $$4; s += $$5 } \
		END { printf "UNIT total %d %d %d\n", p, f, s; exit f > 0 || NR == 0 }'
