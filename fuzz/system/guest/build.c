/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Building the child as a toolstack does, by calls that Xenolith and Debian's Xen both have. */
#include "fuzz.h"

#include <public/arch-x86/hvm/start_info.h>
#include <public/domctl.h>
#include <public/hvm/save.h>
#include <public/sysctl.h>

/* Frames of the parent where nothing is: the child's image, its start info and its log. */
#define WINDOW_GFN 0x3c000UL
#define IMAGE_GFN 0x1000UL	/* where guest.lds links it */
#define INFO_GFN 0x10UL
#define BATCH 256u
#define GUEST_EVENT_PORTS 4095
#define SUPERPAGE_ORDER 9

struct elf_header {
	u8 ident[16];
	u16 type, machine;
	u32 version;
	u64 entry, phoff, shoff;
	u32 flags;
	u16 ehsize, phentsize, phnum;
};

struct elf_segment {
	u32 type, flags;
	u64 offset, vaddr, paddr, filesz, memsz, align;
};

struct info_page {
	struct hvm_start_info info;
	struct hvm_memmap_table_entry map;
	char words[512];
};

static u32 window_used;
static struct log *log;
static u64 entry;

static void *window(u64 gfn)
{
	return (void *)((WINDOW_GFN + gfn) * PAGE_SIZE);
}

static long domctl(u32 cmd, struct xen_domctl *op)
{
	long rc;

	op->cmd = cmd;
	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op->domain = CHILD_DOMID;
	do
		rc = HC1(__HYPERVISOR_domctl, op);
	while (rc == -XEN_EAGAIN);
	return rc;
}

static void must(const char *what, long rc)
{
	if (rc)
		test_failure("%s: %ld", what, rc);
}

u64 free_pages(void)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_availheap,
				 .interface_version = XEN_SYSCTL_INTERFACE_VERSION,
				 .u.availheap.node = -1 };

	must("availheap", HC1(__HYPERVISOR_sysctl, &op));
	return op.u.availheap.avail_bytes / PAGE_SIZE;
}

static void create(void)
{
	struct xen_domctl op = { .u.createdomain = {
		.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap, .max_vcpus = 1,
		.max_evtchn_port = GUEST_EVENT_PORTS, .max_grant_frames = 4,
		.max_maptrack_frames = 4, .grant_opts = XEN_DOMCTL_GRANT_version(2),
		.arch.emulation_flags = XEN_X86_EMU_LAPIC } };

	must("createdomain", domctl(XEN_DOMCTL_createdomain, &op));
	op = (struct xen_domctl){ .u.max_vcpus.max = 1 };
	must("max_vcpus", domctl(XEN_DOMCTL_max_vcpus, &op));
	op = (struct xen_domctl){ .u.max_mem.max_memkb = CHILD_MIB * 1024 + 64 };
	must("max_mem", domctl(XEN_DOMCTL_max_mem, &op));
	op = (struct xen_domctl){ .u.shadow_op = { .op = XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION,
						   .mb = 2 } };
	must("set_allocation", domctl(XEN_DOMCTL_shadow_op, &op));
}

static void populate(void)
{
	static xen_pfn_t pfn[CHILD_PAGES >> SUPERPAGE_ORDER];
	struct xen_memory_reservation r = { .nr_extents = ARRAY_SIZE(pfn),
					    .extent_order = SUPERPAGE_ORDER, .domid = CHILD_DOMID };

	for (u32 i = 0; i < ARRAY_SIZE(pfn); i++)
		pfn[i] = (xen_pfn_t)i << SUPERPAGE_ORDER;
	set_xen_guest_handle(r.extent_start, pfn);
	must("populate_physmap", memory_op(XENMEM_populate_physmap, &r) - (long)r.nr_extents);
}

/* Map @count of the child's frames from @gfn on at the end of the window. */
static void *map(u64 gfn, u32 count)
{
	static xen_ulong_t idx[BATCH];
	static xen_pfn_t pfn[BATCH];
	static int err[BATCH];
	void *at = window(window_used);

	while (count) {
		u32 n = MIN(count, BATCH);
		struct xen_add_to_physmap_batch b = { .domid = DOMID_SELF, .size = (u16)n,
						      .space = XENMAPSPACE_gmfn_foreign };

		for (u32 i = 0; i < n; i++) {
			idx[i] = gfn++;
			pfn[i] = WINDOW_GFN + window_used++;
		}
		b.u.foreign_domid = CHILD_DOMID;
		set_xen_guest_handle(b.idxs, idx);
		set_xen_guest_handle(b.gpfns, pfn);
		set_xen_guest_handle(b.errs, err);
		must("add_to_physmap_batch", memory_op(XENMEM_add_to_physmap_batch, &b));
		for (u32 i = 0; i < n; i++)
			must("gmfn_foreign", err[i]);
		count -= n;
	}
	return at;
}

static void unmap_all(void)
{
	while (window_used) {
		struct xen_remove_from_physmap r = { .domid = DOMID_SELF,
						     .gpfn = WINDOW_GFN + --window_used };

		must("remove_from_physmap", memory_op(XENMEM_remove_from_physmap, &r));
	}
}

static void zero(void *to, u64 bytes)
{
	__asm__ volatile("rep stosq" : "+D"(to), "+c"((u64){ bytes / 8 }) : "a"(0) : "memory");
}

static void load_image(void)
{
	const u8 *file = (const void *)boot_module.start;
	const struct elf_header *h = (const void *)file;

	for (u32 i = 0; i < h->phnum; i++) {
		const struct elf_segment *s = (const void *)(file + h->phoff +
							     (u64)i * h->phentsize);
		u8 *to;

		if (s->type != 1)
			continue;
		NEED(s->paddr == IMAGE_GFN * PAGE_SIZE, "the child's kernel lies elsewhere");
		to = map(IMAGE_GFN, (u32)((s->memsz + PAGE_SIZE - 1) / PAGE_SIZE));
		zero(to, (s->memsz + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1));
		memcpy(to, file + s->offset, s->filesz);
	}
	entry = h->entry;
}

static void PRINTF(3, 4) words_of(char *to, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	format(to, size, fmt, ap);
	va_end(ap);
}

static void write_info(const struct episode *e)
{
	struct info_page *p = map(INFO_GFN, 1);
	u64 at = INFO_GFN * PAGE_SIZE;

	*p = (struct info_page){
		.info = { .magic = XEN_HVM_START_MAGIC_VALUE, .version = 1,
			  .cmdline_paddr = at + offsetof(struct info_page, words),
			  .memmap_paddr = at + offsetof(struct info_page, map),
			  .memmap_entries = 1 },
		.map = { .addr = 0, .size = LOG_GFN * PAGE_SIZE,
			 .type = XEN_HVM_MEMMAP_TYPE_RAM },
	};
	/* What to keep comes last, as text that goes on to the end of the line. */
	words_of(p->words, sizeof(p->words), "seed=%lu episode=%u steps=%u%s%s%s%s", e->seed,
		 e->number, e->steps, arg_has("no-cr8") ? " no-cr8" : "",
		 arg_has("recorded") ? " recorded" : "", e->keep ? " keep=" : "",
		 e->keep ? e->keep : "");
}

static void tell_memory_map(void)
{
	static struct {
		u64 start, size;
		u32 type;
	} __attribute__((packed)) ram = { .size = LOG_GFN * PAGE_SIZE,
					  .type = XEN_HVM_MEMMAP_TYPE_RAM };
	struct xen_foreign_memory_map m = { .domid = CHILD_DOMID, .map.nr_entries = 1 };

	set_xen_guest_handle(m.map.buffer, &ram);
	must("set_memory_map", memory_op(XENMEM_set_memory_map, &m));
}

static void set_registers(void)
{
	static struct {
		struct hvm_save_descriptor header_is;
		struct hvm_save_header header;
		struct hvm_save_descriptor cpu_is;
		struct hvm_hw_cpu cpu;
		struct hvm_save_descriptor end_is;
	} __attribute__((packed)) s = {
		.header_is = { HVM_SAVE_CODE(HEADER), 0, sizeof(s.header) },
		.header = { .magic = HVM_FILE_MAGIC, .version = HVM_FILE_VERSION },
		.cpu_is = { HVM_SAVE_CODE(CPU), 0, sizeof(s.cpu) },
		.cpu = { .rbx = INFO_GFN * PAGE_SIZE, .rflags = 2, .cr0 = 0x11,
			 .dr6 = 0xffff0ff0, .dr7 = 0x400,
			 .cs_sel = 8, .cs_limit = ~0U, .cs_arbytes = 0xc9b,
			 .ds_sel = 16, .ds_limit = ~0U, .ds_arbytes = 0xc93,
			 .es_sel = 16, .es_limit = ~0U, .es_arbytes = 0xc93,
			 .ss_sel = 16, .ss_limit = ~0U, .ss_arbytes = 0xc93,
			 .tr_limit = 0x67, .tr_arbytes = 0x8b },
		.end_is = { HVM_SAVE_CODE(END), 0, 0 },
	};
	struct xen_domctl op = { .u.hvmcontext.size = sizeof(s) };

	s.cpu.rip = entry;
	set_xen_guest_handle(op.u.hvmcontext.buffer, (u8 *)&s);
	must("sethvmcontext", domctl(XEN_DOMCTL_sethvmcontext, &op));
}

void child_start(const struct episode *e)
{
	struct xen_domctl op = { 0 };

	create();
	populate();
	load_image();
	write_info(e);
	log = map(LOG_GFN, LOG_PAGES);
	zero(log, sizeof(*log));
	log->magic[0] = LOG_MAGIC_0;
	log->magic[1] = LOG_MAGIC_1;
	log->seed = e->seed;
	log->episode = e->number;
	tell_memory_map();
	set_registers();
	must("unpausedomain", domctl(XEN_DOMCTL_unpausedomain, &op));
}

struct log *child_log(void)
{
	return log;
}

int child_shutdown(void)
{
	struct xen_domctl op = { 0 };
	u32 flags;

	must("getdomaininfo", domctl(XEN_DOMCTL_getdomaininfo, &op));
	flags = op.u.getdomaininfo.flags;
	if (op.domain != CHILD_DOMID)
		test_failure("the child is gone");
	return flags & XEN_DOMINF_shutdown ? (int)(flags >> XEN_DOMINF_shutdownshift & 0xff) : -1;
}

void child_print_registers(void)
{
	static struct vcpu_guest_context c;
	struct xen_domctl op = { 0 };

	must("pausedomain", domctl(XEN_DOMCTL_pausedomain, &op));
	set_xen_guest_handle(op.u.vcpucontext.ctxt, &c);
	must("getvcpucontext", domctl(XEN_DOMCTL_getvcpucontext, &op));
	print("F regs rip %#lx rsp %#lx rflags %#lx\n", c.user_regs.rip, c.user_regs.rsp,
	      c.user_regs.rflags);
	print("F regs rax %#lx rbx %#lx rcx %#lx rdx %#lx rsi %#lx rdi %#lx\n", c.user_regs.rax,
	      c.user_regs.rbx, c.user_regs.rcx, c.user_regs.rdx, c.user_regs.rsi, c.user_regs.rdi);
}

void child_destroy(void)
{
	struct xen_domctl op = { 0 };
	u64 end;

	unmap_all();
	must("destroydomain", domctl(XEN_DOMCTL_destroydomain, &op));
	end = now() + 2000 * MS;
	do {
		struct xen_domctl info = { 0 };
		long rc = domctl(XEN_DOMCTL_getdomaininfo, &info);

		if (rc == -XEN_ESRCH || (!rc && info.domain != CHILD_DOMID))
			return;
		sched_op(SCHEDOP_yield, NULL);
	} while (now() < end);
	test_failure("the child is still there two seconds after it was destroyed");
}
