/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The date from the CMOS clock (MC146818), read once at boot. */
#include "clock.h"

#include <xen/acpi.h>
#include <xen/hal/cpu.h>
#include <xen/string.h>
#include <asm/io.h>

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71
#define RTC_STATUS_A 10
#define RTC_STATUS_B 11
#define STATUS_A_UPDATING 0x80
#define STATUS_B_24H 0x02
#define STATUS_B_BINARY 0x04
#define UPDATE_POLLS 20000	/* an update takes 2 ms */
#define READ_TRIES 4

/** The registers, first raw, then converted to numbers. */
struct rtc_time {
	u8 second, minute, hour, day, month, year, century;
};

static u8 cmos_read(u8 index)
{
	outb(index, CMOS_INDEX);
	return inb(CMOS_DATA);
}

static void read_fields(struct rtc_time *t)
{
	const struct acpi_fadt *f = acpi_fadt();

	for (u32 i = 0; i < UPDATE_POLLS && cmos_read(RTC_STATUS_A) & STATUS_A_UPDATING; i++)
		hal_cpu_relax();
	*t = (struct rtc_time){
		cmos_read(0), cmos_read(2), cmos_read(4), cmos_read(7), cmos_read(8),
		cmos_read(9), f && f->rtc_century ? cmos_read(f->rtc_century) : 0,
	};
}

static u8 number(u8 v, u8 mode)
{
	return mode & STATUS_B_BINARY ? v : (u8)((v >> 4) * 10 + (v & 15));
}

/* Days from 1970-01-01, Gregorian calendar, years counted from March. */
static u64 days_of(u32 year, u32 month, u32 day)
{
	u32 y = month <= 2 ? year - 1 : year, m = (month + 9) % 12;

	return 365UL * y + y / 4 - y / 100 + y / 400 + (m * 306 + 5) / 10 + day - 1 - 719468;
}

u64 rtc_read(void)
{
	struct rtc_time t, again;
	u8 mode = cmos_read(RTC_STATUS_B);
	u32 hour, year;

	read_fields(&t);
	for (u32 i = 0; i < READ_TRIES; i++) {
		read_fields(&again);
		if (!memcmp(&t, &again, sizeof(t)))
			break;
		t = again;
	}
	hour = number(t.hour & 0x7f, mode);
	if (!(mode & STATUS_B_24H))
		hour = hour % 12 + (t.hour & 0x80 ? 12 : 0);
	year = number(t.year, mode);
	year += t.century ? number(t.century, mode) * 100U : year < 70 ? 2000 : 1900;
	t.month = number(t.month, mode);
	t.day = number(t.day, mode);
	t.minute = number(t.minute, mode);
	t.second = number(t.second, mode);
	if (year < 1970 || !t.month || t.month > 12 || !t.day || t.day > 31 || hour > 23 ||
	    t.minute > 59 || t.second > 59)
		return 0;
	return ((days_of(year, t.month, t.day) * 24 + hour) * 60 + t.minute) * 60 + t.second;
}
