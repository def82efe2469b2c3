/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an ARM64 microguest finds when it starts: its device tree (Devicetree Specification 0.4). */
#include "cpu.h"

#define FDT_MAGIC 0xd00dfeed
#define BEGIN_NODE 1
#define END_NODE 2
#define PROP 3
#define NOP 4
#define GIC_FIRST_PPI 16

u8 stacks[MAX_CPUS][STACK_SIZE] __attribute__((aligned(STACK_SIZE)));
u64 hypervisor_image;
u64 start_tree = 1;	/* in the data section: head.S writes it before the BSS is used */

void cpu_main(struct cpu *self);
void gic_init_cpu(void);
void gic_set_bases(u64 dist, u64 second);
void gic_set_version(u32 version);
void smp_idle(struct cpu *self) NORETURN;

/* Domains that print run on Xenolith, which lets all use its console, or as the peer's first. */
void print_elsewhere(const char *line)
{
}

static u32 be32(const void *p)
{
	return __builtin_bswap32(*(const u32 *)p);
}

static u64 be64(const u8 *p)
{
	return (u64)be32(p) << 32 | be32(p + 4);
}

static void take_memory(const u8 *value, u32 len)
{
	for (u32 i = 0; i + 16 <= len && memory_map_entries < ARRAY_SIZE(memory_map); i += 16)
		memory_map[memory_map_entries++] = (struct region){ be64(value + i),
								   be64(value + i + 8),
								   REGION_RAM };
}

static bool is_gic(const char *node)
{
	return !strncmp(node, "interrupt-controller", 20);
}

/* /chosen's bootargs, the reg of memory and the GIC, with two cells for each number, and the local
 * interrupt of events. */
static void take_tree(void)
{
	const u8 *tree = (const u8 *)start_tree, *at = tree + be32(tree + 8);
	const char *strings = (const char *)tree + be32(tree + 12), *node = "";

	if (be32(tree) != FDT_MAGIC)
		test_error("no device tree at %#lx", start_tree);
	for (;;) {
		u32 token = be32(at), len;
		const char *name;

		at += 4;
		if (token == BEGIN_NODE) {
			node = (const char *)at;
			at += (strlen(node) + 4) & ~3UL;
		} else if (token == PROP) {
			len = be32(at);
			name = strings + be32(at + 4);
			at += 8;
			if (!strcmp(node, "chosen") && !strcmp(name, "bootargs"))
				memcpy(cmdline, at, MIN(len, sizeof(cmdline) - 1));
			if (!strncmp(node, "memory@", 7) && !strcmp(name, "reg"))
				take_memory(at, len);
			if (is_gic(node) && !strcmp(name, "compatible"))
				gic_set_version(strcmp((const char *)at, "arm,gic-v3") ? 2 : 3);
			if (is_gic(node) && !strcmp(name, "reg"))
				gic_set_bases(be64(at), be64(at + 16));
			if (!strcmp(node, "hypervisor") && !strcmp(name, "interrupts"))
				irq_events = GIC_FIRST_PPI + be32(at + 4);
			if (!strcmp(node, "hypervisor") && !strcmp(name, "reg"))
				hypervisor_image = be64(at);
			at += (len + 3) & ~3UL;
		} else if (token != END_NODE && token != NOP) {
			return;
		}
	}
}

/* A privileged caller may list domains. */
static void take_rights(void)
{
	struct xen_feature_info f = { .submap_idx = 0 };

	if (!HC2(__HYPERVISOR_xen_version, XENVER_get_features, &f) &&
	    f.submap & BIT(XENFEAT_dom0))
		start_flags = SIF_PRIVILEGED | SIF_INITDOMAIN;
}

u16 own_domid(void)
{
	/* The interdomain channel's status names its peer; bound to itself, that is this domain. */
	s32 a = event_alloc_unbound(DOMID_SELF), b = event_bind_interdomain(DOMID_SELF, (u32)a);
	struct evtchn_status st = { .dom = DOMID_SELF, .port = (u32)a };

	if (a <= 0 || b <= 0 || evtchn_op(EVTCHNOP_status, &st))
		test_error("cannot learn the domain's number: %d %d", a, b);
	event_close((u32)b);
	event_close((u32)a);
	return st.u.interdomain.dom;
}

/* Every vCPU comes here from head.S, on its own stack. */
void cpu_main(struct cpu *self)
{
	if (self == cpu_of(0))
		take_tree();
	gic_init_cpu();
	if (self != cpu_of(0))
		smp_idle(self);
	take_rights();
	self->up = true;
	test_run();
}
