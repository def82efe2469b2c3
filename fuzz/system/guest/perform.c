/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps that are not hypercalls with a structure. */
#include "grammar.h"

#define APIC_MMIO 0xfee00000UL
#define MAX_TAKEN 16u

/* Interrupts that came in a window. */
static u8 taken[MAX_TAKEN];
static u32 taken_count;

struct access {
	u64 at, value, how;
};

static struct outcome value(u64 v)
{
	return (struct outcome){ .value = v };
}

static struct outcome attempt(void (*fn)(void *arg), struct access *a)
{
	struct outcome o = { .trap = try_call(fn, a) };

	o.value = o.trap.taken ? 0 : a->value;
	return o;
}

/* Model-specific registers */

static void read_msr(void *arg)
{
	struct access *a = arg;

	a->value = rdmsr((u32)a->at);
}

static void write_msr(void *arg)
{
	struct access *a = arg;

	wrmsr((u32)a->at, a->value);
}

static bool is_clock(u32 msr)
{
	return msr == MSR_TSC || msr == 0xe7 || msr == 0xe8 || msr == 0xc0000104 ||
	       msr == MSR_X2APIC + APIC_TMCCT / 16;
}

struct outcome do_rdmsr(const u64 *arg)
{
	struct access a = { .at = arg[0] };
	struct outcome o = attempt(read_msr, &a);

	o.hidden = is_clock((u32)arg[0]);
	return o;
}

/* Values that can be allowed for registers on which the child's life depends. */
static u64 msr_value(u32 msr, u64 v)
{
	switch (msr) {
	case MSR_APIC_BASE:
		return APIC_MMIO | 0x100 | (v & 0xc00) | (v & 0xff ? 0x800 : v & 0xfff);
	case MSR_EFER:
		return rdmsr(MSR_EFER) ^ BIT(v % 16 == 10 ? 0 : v % 16);
	case 0x40000000:
	case 0x40000200:
		return (v & 1 ? (u64)arena + (v & 0x7000) : v & ~0xfffUL) | (v & 0x10);
	case MSR_TSC_DEADLINE:
		return v & 1 ? 0 : INT64_MAX;
	case MSR_X2APIC + APIC_TMICT / 16:
		return v & 1 ? 0 : ~0u;
	case MSR_X2APIC + APIC_ICR / 16:
		return usable_vector(v & 0x8ff);
	case MSR_X2APIC + APIC_LVTT / 16 ... MSR_X2APIC + 0x370 / 16: /* the LVT */
	case MSR_X2APIC + 0x3f0 / 16: /* an interrupt to oneself */
		return usable_vector(v);
	default:
		return v;
	}
}

struct outcome do_wrmsr(const u64 *arg)
{
	struct access a = { .at = arg[0], .value = msr_value((u32)arg[0], arg[1]) };
	struct outcome o;

	if (is_clock((u32)arg[0]))
		return value(0);
	o = attempt(write_msr, &a);
	if (!o.trap.taken) {
		struct access back = { .at = arg[0] };
		struct outcome r = attempt(read_msr, &back);

		o.value = r.trap.taken ? r.trap.vector : r.value;
	}
	return o;
}

struct outcome do_cpuid(const u64 *arg)
{
	struct cpuid r = cpuid((u32)arg[0], (u32)arg[1]);
	u64 h = r.a;

	h = h * 0x100000001b3UL ^ r.b;
	h = h * 0x100000001b3UL ^ r.c;
	/* OSXSAVE and others follow CR4, which steps change. */
	return value(h * 0x100000001b3UL ^ r.d);
}

/* Ports */

struct outcome do_in(const u64 *arg)
{
	u16 port = (u16)arg[0];

	return value(arg[1] == 1 ? inb(port) : arg[1] == 2 ? inw(port) : inl(port));
}

struct outcome do_out(const u64 *arg)
{
	u16 port = (u16)arg[0];

	if (arg[1] == 1)
		outb(port, (u8)arg[2]);
	else if (arg[1] == 2)
		outw(port, (u16)arg[2]);
	else
		outl(port, (u32)arg[2]);
	return value(0);
}

struct outcome do_ins(const u64 *arg)
{
	void *to = buffer;
	u64 n = MIN(arg[1], BUFFER_SIZE / 2);

	__asm__ volatile("rep insw" : "+D"(to), "+c"(n) : "d"((u16)arg[0]) : "memory");
	return value(n);
}

struct outcome do_outs(const u64 *arg)
{
	const void *from = buffer;
	u64 n = MIN(arg[1], BUFFER_SIZE);

	__asm__ volatile("rep outsb" : "+S"(from), "+c"(n) : "d"((u16)arg[0]) : "memory");
	return value(n);
}

/* Device memory, by several instructions */

static void load(void *arg)
{
	struct access *a = arg;
	u64 v = 0;

	switch (a->how % 6) {
	case 0:
		__asm__ volatile("movl (%1), %k0" : "=r"(v) : "r"(a->at) : "memory");
		break;
	case 1:
		__asm__ volatile("movb (%1), %b0" : "+q"(v) : "r"(a->at) : "memory");
		break;
	case 2:
		__asm__ volatile("movzwl (%1), %k0" : "=r"(v) : "r"(a->at) : "memory");
		break;
	case 3:
		__asm__ volatile("movq (%1), %0" : "=r"(v) : "r"(a->at) : "memory");
		break;
	case 4:
		__asm__ volatile("addl (%1), %k0" : "+r"(v) : "r"(a->at) : "memory");
		break;
	default:
		__asm__ volatile("lodsl" : "+a"(v), "+S"(a->at) :: "memory");
	}
	a->value = v;
}

static void store(void *arg)
{
	struct access *a = arg;
	u64 v = a->value;

	switch (a->how % 7) {
	case 0:
		__asm__ volatile("movl %k0, (%1)" :: "r"(v), "r"(a->at) : "memory");
		break;
	case 1:
		__asm__ volatile("movb %b0, (%1)" :: "q"(v), "r"(a->at) : "memory");
		break;
	case 2:
		__asm__ volatile("movw %w0, (%1)" :: "r"(v), "r"(a->at) : "memory");
		break;
	case 3:
		__asm__ volatile("movq %0, (%1)" :: "r"(v), "r"(a->at) : "memory");
		break;
	case 4:
		__asm__ volatile("orl %k0, (%1)" :: "r"(v), "r"(a->at) : "memory");
		break;
	case 5:
		__asm__ volatile("xchgl %k0, (%1)" : "+r"(v) : "r"(a->at) : "memory");
		break;
	default:
		__asm__ volatile("stosl" : "+D"(a->at) : "a"(v) : "memory");
	}
	a->value = a->how % 7 == 5 ? v : 0;
}

struct outcome do_mmio_read(const u64 *arg)
{
	return attempt(load, &(struct access){ .at = arg[0], .how = arg[1] });
}

struct outcome do_mmio_write(const u64 *arg)
{
	return attempt(store, &(struct access){ .at = arg[0], .how = arg[1], .value = arg[2] });
}

struct outcome do_apic_read(const u64 *arg)
{
	struct outcome o = attempt(load, &(struct access){ .at = APIC_MMIO + arg[0],
							   .how = arg[1] });

	o.hidden = (arg[0] & ~15UL) == APIC_TMCCT;
	return o;
}

/* An INIT of itself would stop the child; a timer must end at once or never. */
struct outcome do_apic_write(const u64 *arg)
{
	u64 reg = arg[0] & ~15UL, v = usable_vector(arg[2]);

	if (reg == APIC_ICR)
		v &= 0xcf8ff;
	if (reg == APIC_TMICT)
		v = v & 1 ? 0 : ~0u;
	return attempt(store, &(struct access){ .at = APIC_MMIO + arg[0], .value = v,
						.how = reg == APIC_TMICT ? 0 : arg[1] });
}

/* Instructions that may be intercepted, hidden or not there */

#define INSNS(X)                                                                                   \
	X(cpu_invlpg, "invlpg (%%rax)")                                                            \
	X(cpu_wbinvd, "wbinvd")                                                                    \
	X(cpu_invd, "invd")                                                                        \
	X(cpu_clts, "clts")                                                                        \
	X(cpu_smsw, "smsw %%eax")                                                                  \
	X(cpu_pause, "pause")                                                                      \
	X(cpu_rdpmc, "xor %%ecx, %%ecx; rdpmc")                                                    \
	X(cpu_xgetbv, "xor %%ecx, %%ecx; .byte 0x0f, 0x01, 0xd0; mov $1, %%eax")                   \
	X(cpu_xsetbv, "mov $7, %%eax; cltd; xor %%ecx, %%ecx; .byte 0x0f, 0x01, 0xd1")             \
	X(cpu_monitor, "xor %%ecx, %%ecx; .byte 0x0f, 0x01, 0xc8")                                 \
	X(cpu_vmrun, ".byte 0x0f, 0x01, 0xd8")                                                     \
	X(cpu_vmload, ".byte 0x0f, 0x01, 0xda")                                                    \
	X(cpu_vmsave, ".byte 0x0f, 0x01, 0xdb")                                                    \
	X(cpu_stgi, ".byte 0x0f, 0x01, 0xdc")                                                      \
	X(cpu_clgi, ".byte 0x0f, 0x01, 0xdd")                                                      \
	X(cpu_skinit, ".byte 0x0f, 0x01, 0xde")                                                    \
	X(cpu_invlpga, ".byte 0x0f, 0x01, 0xdf")                                                   \
	X(cpu_int3, "int3")                                                                        \
	X(cpu_ud2, "ud2")                                                                          \
	X(cpu_icebp, ".byte 0xf1")                                                                 \
	X(cpu_rsm, ".byte 0x0f, 0xaa")                                                             \
	X(cpu_sysenter_off, "xor %%eax, %%eax; str %%ax")                                          \
	X(cpu_lock_ud, ".byte 0xf0, 0x90")                                                         \
	X(cpu_vmcall, ".byte 0x0f, 0x01, 0xc1")                                                    \
	X(cpu_dr7, "mov %%dr7, %%rax")                                                             \
	X(cpu_dr6, "mov %%dr6, %%rax")                                                             \
	X(cpu_set_dr0, "mov %%rax, %%dr0; mov %%dr0, %%rax")                                       \
	X(cpu_bad_cr, ".byte 0x0f, 0x20, 0xf8")                                                    \
	X(cpu_sidt, "sub $16, %%rsp; sidt (%%rsp); add $16, %%rsp")                                \
	X(cpu_rdrand, "rdrand %%eax; xor %%eax, %%eax")

#define DEFINE_INSN(name, text)                                                                    \
	static void name(void *arg)                                                                \
	{                                                                                          \
		struct access *a = arg;                                                            \
		__asm__ volatile(text : "=a"(a->value) : "a"(a->at)                                \
				 : "rcx", "rdx", "memory", "cc");                                  \
	}
INSNS(DEFINE_INSN)
#define NAME_INSN(name, text) name,

struct outcome do_insn(const u64 *arg)
{
	static void (*const insns[])(void *arg) = { INSNS(NAME_INSN) };
	struct access a = { .at = (u64)buffer };

	return attempt(insns[arg[0] % ARRAY_SIZE(insns)], &a);
}

static void change_cr0(struct access *a)
{
	/* WP, NE, AM, MP, TS, CD: what this kernel does not depend on. */
	static const u8 bits[] = { 16, 5, 18, 1, 3, 30 };

	write_cr0(read_cr0() ^ BIT(bits[a->how % ARRAY_SIZE(bits)]));
	a->value = read_cr0();
}

static void change_cr4(struct access *a)
{
	u32 bit = a->how % 24;

	write_cr4(read_cr4() ^ BIT(bit == 5 ? 7 : bit));	/* PAE stays */
	a->value = read_cr4();
}

static void change_cr(void *arg)
{
	struct access *a = arg;

	if (a->at == 0)
		change_cr0(a);
	else if (a->at == 4)
		change_cr4(a);
	else if (!arg_has("no-cr8"))
		write_cr8(a->how & 0x1f);
	if (a->at == 8)
		a->value = read_cr8();
}

struct outcome do_cr(const u64 *arg)
{
	return attempt(change_cr, &(struct access){ .at = arg[0], .how = arg[1] });
}

/* Interrupts */

/* A source that asks again at once must not keep the child here. */
static void take(struct regs *regs)
{
	if (taken_count < MAX_TAKEN)
		taken[taken_count++] = (u8)regs->vector;
	else
		regs->rflags &= ~RFLAGS_IF;
	if (regs->vector == VEC_NMI)
		return;
	shared_info.vcpu_info[0].evtchn_upcall_pending = 0;
	if (rdmsr(MSR_APIC_BASE) & BIT(11))
		apic_eoi();
}

struct outcome do_window(const u64 *arg)
{
	u64 h = 0;

	taken_count = 0;
	for (u32 i = 0; i < 4; i++)
		let_irqs_in();
	for (u32 i = 0; i < taken_count; i++)
		h = h * 0x100 ^ taken[i] ^ h >> 56;
	return value(h);
}

/* Xen raises the new vector once, whether or not an event waits: what comes now is not compared. */
struct outcome do_upcall_vector(const u64 *arg)
{
	long rc = event_upcall_vector((u32)arg[0], (u8)arg[1]);

	do_window(arg);
	shared_info.vcpu_info[0].evtchn_upcall_pending = 0;
	return value((u64)rc);
}

/* Memory that calls read */

static void write_word(void *arg)
{
	struct access *a = arg;

	*(volatile u64 *)a->at = a->value;
}

struct outcome do_poke(const u64 *arg)
{
	return attempt(write_word, &(struct access){ .at = (u64)arena + arg[0],
						     .value = arg[1] });
}

struct outcome do_grant_entry(const u64 *arg)
{
	u64 ref = arg[0] % (4 * PAGE_SIZE / 8);
	u64 entry = (arg[1] & 0x1f) | (arg[2] & 0xffff) << 16 | arg[3] << 32;

	return attempt(write_word, &(struct access){ .at = (u64)grants + ref * 8, .value = entry });
}

struct outcome do_event_bits(const u64 *arg)
{
	u32 port = (u32)arg[1] % 4096;

	switch (arg[0]) {
	case 0: event_mask(port); break;
	case 1: event_unmask_local(port); break;
	case 2: return value(event_test_and_clear(port));
	case 3: shared_info.vcpu_info[0].evtchn_upcall_pending = 0; break;
	case 4: shared_info.vcpu_info[0].evtchn_pending_sel = 0; break;
	case 5: shared_info.vcpu_info[0].evtchn_upcall_mask ^= 1; break;
	default: return value(event_pending(port));
	}
	return value(0);
}

struct outcome do_arena_digest(const u64 *arg)
{
	u64 h = 0;

	/* The words that do_poke() writes. Of a hole each is an exit. */
	for (u32 i = 0; i < ARENA_PAGES * PAGE_SIZE / 8; i += 128)
		h = (h ^ ((volatile u64 *)arena)[i]) * 0x100000001b3UL;
	return value(h);
}

/* The area and the structure are written at any time: they have a page of their own. */
struct outcome do_runstate(const u64 *arg)
{
	struct vcpu_register_runstate_memory_area area = { .addr.p = (u64)times };

	if (arg[0] & 1)
		return value((u64)vcpu_op(VCPUOP_register_runstate_memory_area, arg[1], &area));
	return value((u64)vcpu_op(VCPUOP_get_runstate_info, arg[1], times + 1024));
}

struct outcome do_hypercall(const u64 *arg)
{
	register u64 r10 __asm__("r10") = arg[3];
	u64 rax = arg[0], rdi = arg[1], rsi = arg[2], rdx = arg[3];

	__asm__ volatile("vmmcall" : "+a"(rax), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+r"(r10)
			 :: "rcx", "r8", "r9", "r11", "memory");
	return value(rax);
}

void perform_begin(void)
{
	for (u32 v = 0x20; v < 0x100; v++)
		if (v != USER_EXIT_VECTOR)
			set_vector(v, take);
	set_vector(VEC_NMI, take);
	for (u32 i = 0; i < 4; i++) {
		struct xen_add_to_physmap x = { .domid = DOMID_SELF, .idx = i,
						.space = XENMAPSPACE_grant_table,
						.gpfn = (u64)grants / PAGE_SIZE + i };

		NEED(!memory_op(XENMEM_add_to_physmap, &x), "cannot map the grant table");
	}
	apic_enable();
}
