# SPDX-License-Identifier: GPL-2.0-or-later
# Unit tests of the toolstack (see tools/tools.mk).
$(eval $(call tools_test,builder,fake-xen fake-pool fake-psr fake-kernel,builder ctrl,$(tools_builder_ldlibs) $(tools_xen_ldlibs)))
$(eval $(call tools_test,builder-arm64,,builder-arm64,$(tools_builder_ldlibs)))
$(eval $(call tools_test,config,,config,))
$(eval $(call tools_test,json,,light store,$(tools_light_ldlibs)))
$(foreach t,light light-devices light-run pci hvm health,$(eval $(call tools_test,$(t),light-world fake-xen fake-pool fake-psr fake-kernel fake-store \
	fake-host,light store builder ctrl,$(tools_light_ldlibs) $(tools_builder_ldlibs) $(tools_xen_ldlibs) \
	$(if $(filter light,$(t)),-Xlinker --wrap=fcntl))))
$(eval $(call tools_test,devd,fake-xen fake-pool fake-psr fake-store fake-host,light store builder ctrl,\
	$(tools_light_ldlibs) $(tools_builder_ldlibs) $(tools_xen_ldlibs)))
$(eval $(call tools_test,sharing,fake-xen fake-pool fake-psr fake-store fake-host,light store builder ctrl,\
	$(tools_light_ldlibs) $(tools_builder_ldlibs) $(tools_xen_ldlibs)))
$(eval $(call tools_test,console,changing-page,console,-Xlinker --wrap=malloc))
$(eval $(call tools_test,hvlog,fake-xen fake-pool fake-psr ../xenconsoled/hvlog ../xenconsoled/logfile,ctrl,\
	$(tools_xen_ldlibs)))
$(eval $(call tools_test,xenconsoled,fake-xen fake-pool fake-psr fake-store $(addprefix ../xenconsoled/,guest pty logfile),\
	console light store ctrl,$(tools_light_ldlibs) $(tools_xen_ldlibs) \
	-Xlinker --wrap=malloc -Xlinker --wrap=calloc -Xlinker --wrap=realloc))
$(eval $(call tools_test,xlparse,$(addprefix ../xl/,parse parse-devices parse-host parse-hvm keys guess cpus conf),light store config ctrl,$(tools_light_ldlibs) $(tools_xen_ldlibs)))
$(eval $(call tools_test,xllock,../xl/lock,,))
$(foreach t,xlcmd xlerr xlhvm xlconsole xlpsr top,$(eval $(call tools_test,$(t),xl-run fake-xen fake-pool fake-psr fake-store fake-kernel fake-host \
	$(patsubst tools/%.c,../%,$(filter-out %/main.c,$(wildcard tools/xl/*.c))),\
	light store config builder ctrl,$(tools_light_ldlibs) $(tools_builder_ldlibs) $(tools_xen_ldlibs) \
	$(if $(filter xlcmd,$(t)),-Xlinker --wrap=setsid))))
$(eval $(call tools_test,store,,light store,-Xlinker --wrap=malloc))

# A page that changes between two accesses is of use here too.
$(BUILD)/tools-asan/test/changing-page.o: xen/test/unit/changing-page.c tools/tools.mk
	$(SAY) CC 'tools-asan test/changing-page'
	$(Q)mkdir -p $(@D) && $(CC) $(tools_cflags_tools-asan) -MMD -MP -c -o $@ $<
$(BUILD)/tools-asan/test/test-console.o: tools_cflags_tools-asan += -Ixen/test/unit
