/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stream of records from a toolstack: refused, or loaded. What was loaded can be run and saved,
 * and what is saved can be loaded again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <public/xen.h>
#include <public/hvm/save.h>

#include "save-domain.h"

#define STREAM_MAX 65536

struct buffer {
	struct save_sink sink;
	u8 data[STREAM_MAX];
	u32 used;
};

static u8 record[SAVE_RECORD_MAX];

static int put(struct save_sink *k, const void *buf, u32 len)
{
	struct buffer *b = container_of(k, struct buffer, sink);

	if (b->used + len > STREAM_MAX)
		abort();
	memcpy(b->data + b->used, buf, len);
	b->used += len;
	return 0;
}

static void run(struct save_domain *d, s_time_t now)
{
	struct vlapic *apic = &d->vcpu[0].apic;
	int vector = vlapic_pending(apic);

	if (vector >= 0)
		vlapic_ack(apic, (u8)vector);
	vlapic_eoi(apic);
	vlapic_timer_fired(apic, now);
	vpit_fired(&d->pc.pit, now);
	vrtc_fired(&d->pc.rtc, now);
	for (u32 i = 0; i < VHPET_TIMERS; i++)
		vhpet_fired(&d->pc.hpet, i, now);
	pmtimer_fired(&d->pc.pmtimer, now);
	vpic_ack(&d->pc.pic);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct hvm_save_header h = { .magic = HVM_FILE_MAGIC,
						  .version = HVM_FILE_VERSION };
	static struct save_domain d, before;
	static struct buffer b = { .sink = { put } };
	struct save_set s = save_domain_set(&d, 1000);

	save_domain_make(&d);
	before = d;
	if (save_check(&s, data, (u32)size, record)) {
		if (memcmp(&d, &before, sizeof(d)))
			abort();
		return 0;
	}
	save_load(&s, data, (u32)size, record);
	run(&d, 2000);
	s.now = 5000000000;
	b.used = 0;
	if (save_stream(&s, &h, &b.sink, record) || save_check(&s, b.data, b.used, record))
		abort();
	save_load(&s, b.data, b.used, record);
	return 0;
}
