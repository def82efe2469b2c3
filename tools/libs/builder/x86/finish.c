/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last of a guest: its memory map, caching attributes (PVH) and the registers of vCPU 0. */
#include "builder/private.h"

#include "ctrl/ctrl.h"

#include <public/hvm/save.h>

#define CR0_PE (1U << 0)
#define CR0_ET (1U << 4)
#define RFLAGS_RESERVED 2
#define DR6_RESET 0xffff0ff0U
#define DR7_RESET 0x400U
#define MTRR_WRITE_BACK 6U
#define MTRR_ENABLE (1U << 11)

/* A PVH guest is told of all its regions. */
static int set_map(struct bld_job *job)
{
	const struct bld_plan *p = job->plan;
	const struct bld_region *map = p->hvm ? p->map : p->region;
	uint32_t n = p->hvm ? p->nr_map : p->nr_regions;
	struct __attribute__((packed)) {
		uint64_t addr, size;
		uint32_t type;
	} e820[BLD_MAX_REGIONS];

	for (uint32_t i = 0; i < n; i++) {
		e820[i].addr = map[i].start.v;
		e820[i].size = map[i].bytes;
		e820[i].type = map[i].type;
	}
	return ctl_set_memory_map(job->ctl, job->domid, e820, n);
}

struct __attribute__((packed)) record_head {
	struct hvm_save_descriptor d;
	HVM_SAVE_TYPE(HEADER) header;
};

struct __attribute__((packed)) record_mtrr {
	struct hvm_save_descriptor d;
	HVM_SAVE_TYPE(MTRR) mtrr;
};

struct __attribute__((packed)) record_cpu {
	struct hvm_save_descriptor d;
	HVM_SAVE_TYPE(CPU) cpu;
};

/* Streams to load: for vCPU 0, and for the others, which only need caching. */
struct __attribute__((packed)) boot_stream {
	struct record_head head;
	struct record_mtrr mtrr;
	struct record_cpu cpu;
	struct hvm_save_descriptor end;
};

/* Firmware sets caching up itself. */
struct __attribute__((packed)) firmware_stream {
	struct record_head head;
	struct record_cpu cpu;
	struct hvm_save_descriptor end;
};

struct __attribute__((packed)) mtrr_stream {
	struct record_head head;
	struct record_mtrr mtrr;
	struct hvm_save_descriptor end;
};

static struct hvm_save_descriptor describe(uint16_t code, uint16_t instance, size_t bytes)
{
	return (struct hvm_save_descriptor){ code, instance, (uint32_t)bytes };
}

/* Find the record of a type for vCPU @instance in what the hypervisor gave; NULL: none. */
static const uint8_t *find_record(const uint8_t *s, size_t bytes, uint16_t code, uint16_t instance,
				  size_t want)
{
	struct hvm_save_descriptor d;

	while (bytes >= sizeof(d)) {
		memcpy(&d, s, sizeof(d));
		s += sizeof(d);
		bytes -= sizeof(d);
		if (d.length > bytes)
			return NULL;
		if (d.typecode == code && d.instance == instance)
			return d.length == want ? s : NULL;
		s += d.length;
		bytes -= d.length;
	}
	return NULL;
}

/* Flat 32-bit protected mode without paging; EBX points at the start info. */
static void fill_cpu(HVM_SAVE_TYPE(CPU) *c, const struct bld_plan *plan)
{
	memset(c, 0, sizeof(*c));
	c->cr0 = CR0_PE | CR0_ET;
	c->cs_limit = c->ds_limit = c->es_limit = c->ss_limit = ~0U;
	c->fs_limit = c->gs_limit = ~0U;
	c->cs_arbytes = 0xc9b;
	c->ds_arbytes = c->es_arbytes = c->ss_arbytes = 0xc93;
	c->fs_arbytes = c->gs_arbytes = 0xc93;
	c->tr_limit = 0x67;
	c->tr_arbytes = 0x8b;
	c->ldtr_arbytes = 0x82;
	c->rflags = RFLAGS_RESERVED;
	c->dr6 = DR6_RESET;
	c->dr7 = DR7_RESET;
	c->rip = (uint32_t)plan->entry;
	c->rbx = (uint32_t)plan->start_info;
}

static void fill_record(struct record_cpu *r, const struct bld_plan *plan)
{
	HVM_SAVE_TYPE(CPU) cpu;

	fill_cpu(&cpu, plan);
	r->d = describe(HVM_SAVE_CODE(CPU), 0, HVM_SAVE_LENGTH(CPU));
	memcpy(&r->cpu, &cpu, sizeof(cpu));
}

static int load_firmware_context(struct bld_job *job, const uint8_t *now, size_t bytes)
{
	const uint8_t *head = find_record(now, bytes, HVM_SAVE_CODE(HEADER), 0,
					  HVM_SAVE_LENGTH(HEADER));
	struct firmware_stream *s = head ? calloc(1, sizeof(*s)) : NULL;
	int rc;

	if (!s)
		return head ? -ENOMEM : -EPROTO;
	s->head.d = describe(HVM_SAVE_CODE(HEADER), 0, HVM_SAVE_LENGTH(HEADER));
	memcpy(&s->head.header, head, HVM_SAVE_LENGTH(HEADER));
	fill_record(&s->cpu, job->plan);
	s->end = describe(HVM_SAVE_CODE(END), 0, 0);
	rc = ctl_domain_set_context(job->ctl, job->domid, s, sizeof(*s));
	free(s);
	return rc;
}

static int load_context(struct bld_job *job, const uint8_t *now, size_t bytes, uint32_t vcpus)
{
	struct boot_stream *boot = calloc(1, sizeof(*boot));
	struct mtrr_stream other = { 0 };
	const uint8_t *head = find_record(now, bytes, HVM_SAVE_CODE(HEADER), 0,
					  HVM_SAVE_LENGTH(HEADER));
	int rc = boot && head ? 0 : boot ? -EPROTO : -ENOMEM;

	if (!rc) {
		other.head.d = describe(HVM_SAVE_CODE(HEADER), 0, HVM_SAVE_LENGTH(HEADER));
		memcpy(&other.head.header, head, HVM_SAVE_LENGTH(HEADER));
		other.end = describe(HVM_SAVE_CODE(END), 0, 0);
	}
	/* vCPU 0 comes last: Xen takes all vCPUs offline at each load, but those whose registers
	 * are in it. */
	for (uint32_t i = vcpus; !rc && i-- > 0;) {
		const uint8_t *m = find_record(now, bytes, HVM_SAVE_CODE(MTRR), (uint16_t)i,
					       HVM_SAVE_LENGTH(MTRR));

		if (m)
			memcpy(&other.mtrr.mtrr, m, HVM_SAVE_LENGTH(MTRR));
		other.mtrr.mtrr.msr_mtrr_def_type = MTRR_WRITE_BACK | MTRR_ENABLE;
		other.mtrr.d = describe(HVM_SAVE_CODE(MTRR), (uint16_t)i, HVM_SAVE_LENGTH(MTRR));
		if (i) {
			rc = ctl_domain_set_context(job->ctl, job->domid, &other, sizeof(other));
			continue;
		}
		boot->head = other.head;
		boot->mtrr = other.mtrr;
		fill_record(&boot->cpu, job->plan);
		boot->end = other.end;
		rc = ctl_domain_set_context(job->ctl, job->domid, boot, sizeof(*boot));
	}
	free(boot);
	return rc;
}

int bld_finish(struct bld_job *job, uint32_t vcpus)
{
	int rc = set_map(job);
	uint8_t *now;
	long bytes;

	if (rc)
		return rc;
	bytes = ctl_domain_get_context(job->ctl, job->domid, NULL, 0);
	if (bytes < 0)
		return (int)bytes;
	now = malloc((size_t)bytes);
	if (!now)
		return -ENOMEM;
	bytes = ctl_domain_get_context(job->ctl, job->domid, now, (size_t)bytes);
	rc = bytes < 0 ? (int)bytes :
	     job->plan->hvm ? load_firmware_context(job, now, (size_t)bytes) :
	     load_context(job, now, (size_t)bytes, vcpus);
	free(now);
	return rc;
}
