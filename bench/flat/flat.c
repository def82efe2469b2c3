/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The smallest guest that can time an exit: 32-bit, as PVH starts it, without paging and without
 * interrupts. A hypervisor that decodes the guest's code has no page tables to walk here, so what
 * it spends on that shows beside the 64-bit guest's figures. Lines as in bench/guest/bench.c.
 */
#include <stdint.h>

#define STR2(x) #x
#define STR(x) STR2(x)
#define BATCHES 16
#define LENGTH 256
#define STACK_BYTES 16384

/* ABI numbers (public/xen.h, version.h, sched.h, event_channel.h). */
#define NR_XEN_VERSION 17
#define NR_CONSOLE_IO 18
#define NR_SCHED_OP 29
#define NR_EVENT_CHANNEL_OP 32
#define SCHED_YIELD 0
#define SCHED_SHUTDOWN 2
#define EVTCHN_SEND 4
#define EVTCHN_ALLOC_UNBOUND 6
#define DOMID_SELF 0x7ff0

#define LAPIC_ID 0xfee00020u
#define LAPIC_TPR 0xfee00080u
#define MSR_APIC_BASE 0x1b
#define PORT_PIT 0x42

/* ELF note 18 names the 32-bit entry; EBX is the start information, which has our command line. */
__asm__(".section .note.Xen, \"a\", @note\n"
	".balign 4\n.long 4, 4, 18\n.asciz \"Xen\"\n.long flat_start\n"
	".text\n.globl flat_start\nflat_start:\n"
	"cli\ncld\nmov $flat_stack + " STR(STACK_BYTES) ", %esp\npush %ebx\ncall flat_main\n"
	"1: hlt\njmp 1b\n");
uint8_t flat_stack[STACK_BYTES] __attribute__((aligned(16)));
void flat_main(const uint32_t *start_info);

static uint32_t hypercall(uint32_t nr, uint32_t a, uint32_t b, const void *c)
{
	uint32_t rc;

	__asm__ volatile("vmmcall" : "=a"(rc), "+b"(a), "+c"(b), "+d"(c) : "a"(nr) : "memory");
	return rc;
}

static uint64_t rdtsc(void)
{
	uint64_t t;

	__asm__ volatile("lfence; rdtsc" : "=A"(t) :: "memory");
	return t;
}

static void do_hypercall(void) { hypercall(NR_XEN_VERSION, 0, 0, 0); }
static void do_yield(void) { hypercall(NR_SCHED_OP, SCHED_YIELD, 0, 0); }
static void do_nothing(void) { }

static void do_cpuid(void)
{
	uint32_t leaf = 0x40000000, sub = 0;

	__asm__ volatile("cpuid" : "+a"(leaf), "+c"(sub) :: "ebx", "edx");
}

static void do_msr(void)
{
	__asm__ volatile("rdmsr" :: "c"(MSR_APIC_BASE) : "eax", "edx");
}

static void do_port(void)
{
	__asm__ volatile("inb %0, %%al" :: "i"(PORT_PIT) : "eax");
}

static void do_lapic_read(void)
{
	(void)*(volatile uint32_t *)LAPIC_ID;
}

static void do_lapic_write(void)
{
	*(volatile uint32_t *)LAPIC_TPR = 0;
}

static uint32_t port;

static void do_event(void)
{
	hypercall(NR_EVENT_CHANNEL_OP, EVTCHN_SEND, (uint32_t)&port, 0);
}

static char line[160];
static uint32_t used;

static void put(const char *s)
{
	while (*s && used < sizeof(line))
		line[used++] = *s++;
}

static void put_number(uint32_t v, uint32_t least)
{
	char digits[12];
	uint32_t n = 0;

	do
		digits[n++] = (char)('0' + v % 10);
	while ((v /= 10) || n < least);
	while (n && used < sizeof(line))
		line[used++] = digits[--n];
}

static void flush(void)
{
	put("\n");
	hypercall(NR_CONSOLE_IO, 0, used, line);
	used = 0;
}

/* Ticks of a loop of calls; it fits in 32 bits by far. */
static uint32_t loop(void (*fn)(void))
{
	uint64_t from = rdtsc();

	for (uint32_t i = 0; i < LENGTH; i++)
		fn();
	return (uint32_t)(rdtsc() - from);
}

static void measure(const char *name, void (*fn)(void))
{
	uint32_t t[BATCHES], base = loop(do_nothing), k;

	fn();
	for (uint32_t b = 0; b < BATCHES; b++) {
		uint32_t v = loop(fn);

		v = v > base ? v - base : 0;
		for (k = b; k && t[k - 1] > v; k--)
			t[k] = t[k - 1];
		t[k] = v;
	}
	put("BENCH ");
	put(name);
	put(" ");
	put_number(t[BATCHES / 2] / LENGTH, 1);
	put(".");
	put_number(t[BATCHES / 2] % LENGTH * 1000 / LENGTH, 3);
	put(" instructions rounds=");
	put_number(BATCHES * LENGTH, 1);
	flush();
}

static void open_port(void)
{
	struct {
		uint16_t domain, remote;
		uint32_t port;
	} op = { DOMID_SELF, DOMID_SELF, 0 };

	if (!hypercall(NR_EVENT_CHANNEL_OP, EVTCHN_ALLOC_UNBOUND, (uint32_t)&op, 0))
		port = op.port;
}

/* Only instructions are worth reporting: this guest knows no scale of time. */
static int counts_instructions(const uint32_t *start_info)
{
	static const char word[] = "unit=instructions";
	const char *s = (const char *)start_info[6];
	uint32_t n = 0;

	for (; s && *s && word[n]; s++)
		n = *s == word[n] ? n + 1 : *s == word[0];
	return !word[n];
}

void flat_main(const uint32_t *start_info)
{
	static const uint32_t reason;

	put("BENCH-START flat");
	flush();
	open_port();
	if (counts_instructions(start_info)) {
		measure("flat.hypercall", do_hypercall);
		measure("flat.cpuid", do_cpuid);
		measure("flat.msr.read", do_msr);
		measure("flat.port.pit", do_port);
		measure("flat.mmio.lapic.read", do_lapic_read);
		measure("flat.mmio.lapic.write", do_lapic_write);
		measure("flat.event.unbound", do_event);
		measure("flat.sched.yield", do_yield);
	} else {
		put("BENCH-SKIP flat: no scale of time; use icount");
		flush();
	}
	put("BENCH done");
	flush();
	hypercall(NR_SCHED_OP, SCHED_SHUTDOWN, (uint32_t)&reason, 0);
}
