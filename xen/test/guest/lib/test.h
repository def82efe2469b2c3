/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The microguest library. A test defines test_main() and describes itself in TEST(). */
#ifndef GUEST_TEST_H
#define GUEST_TEST_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <public/xen.h>

#include <public/errno.h>
#include <public/event_channel.h>
#include <public/grant_table.h>
#include <public/memory.h>
#include <public/sched.h>
#include <public/vcpu.h>
#include <public/version.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;
/** A register, or an address, of the width the test was built for. */
typedef unsigned long word;

/** One line on what the test demonstrates; run.py reads it from the source, like RUN(). */
#define TEST(text) const char test_name[] = TEST_NAME, test_description[] = text
/** How to run it: blank-separated key=value (see run.py --help). */
#define RUN(text) extern const char test_run_options[]; const char test_run_options[] = text

extern const char test_name[], test_description[];

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define BIT(n) ((u64)1 << (n))
#define ALL_ONES (~(u64)0)
#define NORETURN __attribute__((noreturn))

/*
 * Texts are formatted as if u64 were unsigned long, which it is in 64-bit code; there the compiler
 * checks them. In 32-bit code every argument is passed as 64 bits, whatever its type, so that the
 * same sources print the same.
 */
#ifdef __LP64__
#define PRINTF(f, a) __attribute__((format(printf, f, a)))
#define PRINTF_ARG(ap, type) va_arg(ap, type)
#else
#define PRINTF(f, a)
#define PRINTF_ARG(ap, type) ((type)va_arg(ap, u64))
#define WIDE_0()
#define WIDE_1(x) , (u64)(x)
#define WIDE_2(x, ...) , (u64)(x) WIDE_1(__VA_ARGS__)
#define WIDE_3(x, ...) , (u64)(x) WIDE_2(__VA_ARGS__)
#define WIDE_4(x, ...) , (u64)(x) WIDE_3(__VA_ARGS__)
#define WIDE_5(x, ...) , (u64)(x) WIDE_4(__VA_ARGS__)
#define WIDE_6(x, ...) , (u64)(x) WIDE_5(__VA_ARGS__)
#define WIDE_7(x, ...) , (u64)(x) WIDE_6(__VA_ARGS__)
#define WIDE_8(x, ...) , (u64)(x) WIDE_7(__VA_ARGS__)
#define WIDE_PICK(_0, _1, _2, _3, _4, _5, _6, _7, _8, pick, ...) pick
#define WIDE(...)                                                                                  \
	WIDE_PICK(0, ##__VA_ARGS__, WIDE_8, WIDE_7, WIDE_6, WIDE_5, WIDE_4, WIDE_3, WIDE_2,        \
		  WIDE_1, WIDE_0)(__VA_ARGS__)
#define test_skip(fmt, ...) (test_skip)(fmt WIDE(__VA_ARGS__))
#define test_error(fmt, ...) (test_error)(fmt WIDE(__VA_ARGS__))
#define test_failure(fmt, ...) (test_failure)(fmt WIDE(__VA_ARGS__))
#define check_failed(where, fmt, ...) (check_failed)(where, fmt WIDE(__VA_ARGS__))
#define print(fmt, ...) (print)(fmt WIDE(__VA_ARGS__))
#endif

#define PAGE_SIZE 4096UL
#define PAGE_ALIGNED __attribute__((aligned(4096)))
#define barrier() __asm__ volatile("" ::: "memory")

/* Verdicts and output (console.c, start.c) */

/** Each test's own; returning means success unless a check failed. */
void test_main(void);
/** On the first vCPU, once cmdline and memory_map are filled: the test and its verdict. */
void test_run(void) NORETURN;
void (test_skip)(const char *fmt, ...) NORETURN PRINTF(1, 2);
/** The test could not run. */
void (test_error)(const char *fmt, ...) NORETURN PRINTF(1, 2);
/** The behaviour is wrong, and continuing makes no sense. */
void (test_failure)(const char *fmt, ...) NORETURN PRINTF(1, 2);
/** Announce that the next action ends the domain; run.py looks for the expected result. */
void test_success_before_end(void);
void (check_failed)(const char *where, const char *fmt, ...) PRINTF(2, 3);

#define STR2(x) #x
#define STR(x) STR2(x)
/** Record a wrong result with its place; the test continues. */
#define CHECK(cond, ...)                                                                           \
	((cond) ? (void)0 : check_failed(__FILE__ ":" STR(__LINE__), __VA_ARGS__))
/** The same for a call's result, both shown. */
#define CHECK_EQ(got, want)                                                                        \
	do {                                                                                       \
		s64 got_ = (s64)(got), want_ = (s64)(want);                                        \
		CHECK(got_ == want_, "%s is %ld (%#lx), expected %ld (%#lx)", #got, got_, got_,    \
		      want_, want_);                                                               \
	} while (0)
/** A step that must succeed for the test to continue. */
#define NEED(cond, ...) ((cond) ? (void)0 : test_error(__VA_ARGS__))

/** Prints on the hypervisor's console, or where the hypervisor refuses that, elsewhere. */
void (print)(const char *fmt, ...) PRINTF(1, 2);
/** Prints as the architecture can in a domain of Debian's Xen, which refuses all but dom0. */
void print_elsewhere(const char *line);
int format(char *buf, size_t size, const char *fmt, va_list ap);
NORETURN void shutdown(u32 reason);

void *memset(void *dst, int c, size_t n);
void *memcpy(void *dst, const void *src, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);

/** The domain's command line. */
extern char cmdline[1024];
/** What follows "name=" in it, up to its end; NULL: it is not there. */
const char *arg_text(const char *name);
/** The same as a number, or @fallback. */
u64 arg_u64(const char *name, u64 fallback);
bool arg_has(const char *word);

/* Start information (start.c) */
struct region {
	u64 start, size;
	u32 type;
};
#define REGION_RAM 1	/* as in ACPI */
extern struct region memory_map[64];
extern u32 memory_map_entries;
extern u32 start_flags;
/** What the boot loader passed beside the kernel; a size of 0 when there is nothing. */
extern struct region boot_module;
/** Whether this is the privileged domain. */
bool is_privileged(void);
u16 own_domid(void);
/**
 * Whether the domain's frames are the machine's: it keeps frames that it gives back, and reaches
 * the machine's devices and holes, which other domains cannot.
 */
bool is_mapped_1to1(void);
/** There is no memory at @at: x86 reads all ones there, ARM takes an abort. */
bool is_hole(const volatile u64 *at);
/** Fresh zeroed pages, physically contiguous, aligned to their power of two. Never freed. */
void *alloc_pages(u32 count, u64 align);

/* Hypercalls (hypercall.c) */
long hypercall(u32 nr, u64 a, u64 b, u64 c, u64 d);
#define HC1(nr, a) hypercall(nr, (u64)(a), 0, 0, 0)
#define HC2(nr, a, b) hypercall(nr, (u64)(a), (u64)(b), 0, 0)
#define HC3(nr, a, b, c) hypercall(nr, (u64)(a), (u64)(b), (u64)(c), 0)
#define sched_op(cmd, arg) HC2(__HYPERVISOR_sched_op, cmd, arg)
#define evtchn_op(cmd, arg) HC2(__HYPERVISOR_event_channel_op, cmd, arg)
#define memory_op(cmd, arg) HC2(__HYPERVISOR_memory_op, cmd, arg)
#define vcpu_op(cmd, vcpu, arg) HC3(__HYPERVISOR_vcpu_op, cmd, vcpu, arg)
#define grant_op(cmd, arg, n) HC3(__HYPERVISOR_grant_table_op, cmd, arg, n)
#define hvm_op(cmd, arg) HC2(__HYPERVISOR_hvm_op, cmd, arg)
long set_timer_op(u64 at);

#define MAX_CPUS 128
#define STACK_SIZE 0x4000UL

/* Time (time.c) */
#define MS ((u64)1000000)
/** System time in ns, from this vCPU's time page. */
u64 now(void);
/** Spin until cond holds or ms have passed; the value of cond. */
#define WAIT_FOR(cond, ms)                                                                         \
	({                                                                                         \
		u64 end_ = now() + (ms) * MS;                                                      \
		bool ok_;                                                                          \
		while (!(ok_ = (cond)) && now() < end_)                                            \
			relax();                                                                   \
		ok_;                                                                               \
	})
void delay(u64 ns);
extern struct shared_info shared_info;
/** This vCPU's event words, wherever they were moved. */
extern struct vcpu_info *vcpu_infos[MAX_CPUS];
struct vcpu_info *own_vcpu_info(void);
/** Move a vCPU's event words out of shared_info, as a vCPU beyond 32 must. */
long move_vcpu_info(u32 vcpu, struct vcpu_info *to);

/* Two domains (pair.c) */
/** The arguments of a domain in a test that several share. */
u32 role(void);
u16 peer_domid(void);
/** Sleep and work for a while; fail when another domain keeps this one from running. */
void live_on(void);
void sleep_ns(u64 ns);

/* vCPUs (smp.c) */
u32 vcpu_count(void);
/** Start vCPU @id as the architecture does; it waits for smp_run(). False: it does not start. */
bool smp_start(u32 id);
/** The same without waiting (x86: INIT and SIPI; ARM: PSCI). */
void smp_kick(u32 id);
/** Run fn on a started vCPU, after the job that it still may have; smp_wait() waits for its end. */
void smp_run(u32 id, void (*fn)(void *arg), void *arg);
bool smp_wait(u32 id, u64 ms);
/** Start @n vCPUs besides the first; ends the test as a skip when the domain has fewer. */
void smp_need(u32 n);

/* Event channels (event.c) */
s32 event_alloc_unbound(u16 remote);
s32 event_bind_interdomain(u16 remote, u32 port);
s32 event_bind_virq(u32 virq, u32 vcpu);
s32 event_bind_ipi(u32 vcpu);
long event_send(u32 port);
long event_close(u32 port);
long event_unmask_call(u32 port);
/** Two-level bitmaps. */
bool event_pending(u32 port);
bool event_test_and_clear(u32 port);
void event_mask(u32 port);
void event_unmask_local(u32 port);
long event_status(u32 port, struct evtchn_status *st);

#endif
