/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("SSE, x87, debug and segment-base registers survive exits and vCPU switches");
RUN("long=registers+that+64-bit+mode+has vcpus=4 cpus=1 timeout=60");

#define ROUNDS 150

static volatile u32 done;

struct state {
	u64 xmm[4];
	u64 dr[4];
	u64 fs, gs, kgs;
	u16 fcw;
};

static void load(const struct state *s)
{
	__asm__ volatile("movups %0, %%xmm0; movups %1, %%xmm15; fldcw %2"
			 :: "m"(s->xmm[0]), "m"(s->xmm[2]), "m"(s->fcw) : "memory");
	__asm__ volatile("mov %0, %%dr0; mov %1, %%dr1; mov %2, %%dr2; mov %3, %%dr3"
			 :: "r"(s->dr[0]), "r"(s->dr[1]), "r"(s->dr[2]), "r"(s->dr[3]));
	wrmsr(MSR_FS_BASE, s->fs);
	wrmsr(MSR_GS_BASE, s->gs);
	wrmsr(MSR_KERNEL_GS_BASE, s->kgs);
}

static void store(struct state *s)
{
	__asm__ volatile("movups %%xmm0, %0; movups %%xmm15, %1; fnstcw %2"
			 : "=m"(*(u64(*)[2])&s->xmm[0]), "=m"(*(u64(*)[2])&s->xmm[2]), "=m"(s->fcw)
			 :: "memory");
	__asm__ volatile("mov %%dr0, %0; mov %%dr1, %1; mov %%dr2, %2; mov %%dr3, %3"
			 : "=r"(s->dr[0]), "=r"(s->dr[1]), "=r"(s->dr[2]), "=r"(s->dr[3]));
	s->fs = rdmsr(MSR_FS_BASE);
	s->gs = rdmsr(MSR_GS_BASE);
	s->kgs = rdmsr(MSR_KERNEL_GS_BASE);
}

static void worker(void *arg)
{
	u64 id = cpu_self()->id + 1;
	struct sched_poll p = { .nr_ports = 0 };

	for (u64 i = 0; i < ROUNDS; i++) {
		u64 seed = id << 32 | i;
		struct state want, got;

		want = (struct state){ .xmm = { seed, ~seed, seed * 3, seed * 5 },
				       .dr = { seed & ~7UL, seed * 8, seed * 16, seed * 24 },
				       .fs = seed * 4096, .gs = seed, .kgs = seed * 2,
				       .fcw = (u16)(0x37f & ~(id << 10)) };
		memset(&got, 0, sizeof(got));
		load(&want);
		sched_op(SCHEDOP_yield, NULL);
		cpuid(0, 0);
		p.timeout = now() + 50000;
		sched_op(SCHEDOP_poll, &p);
		store(&got);
		CHECK(!memcmp(want.xmm, got.xmm, sizeof(want.xmm)), "vCPU %lu: XMM", id - 1);
		CHECK(!memcmp(want.dr, got.dr, sizeof(want.dr)), "vCPU %lu: DR0 %#lx, not %#lx",
		      id - 1, got.dr[0], want.dr[0]);
		CHECK(want.fs == got.fs && want.gs == got.gs && want.kgs == got.kgs,
		      "vCPU %lu: bases %#lx %#lx %#lx", id - 1, got.fs, got.gs, got.kgs);
		CHECK(want.fcw == got.fcw, "vCPU %lu: x87 control %#x, not %#x", id - 1, got.fcw,
		      want.fcw);
	}
	done++;
}

void test_main(void)
{
	u32 n = vcpu_count();

	apic_enable();
	if (n > 1)
		smp_need(n - 1);
	for (u32 i = 1; i < n; i++)
		smp_run(i, worker, NULL);
	worker(NULL);
	for (u32 i = 1; i < n; i++)
		CHECK(smp_wait(i, 20000), "vCPU %u is stuck", i);
}
