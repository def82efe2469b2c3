/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("wall clock: version even, nanoseconds in range, a plausible date");

void test_main(void)
{
	u64 sec = shared_info.wc_sec | (u64)shared_info.wc_sec_hi << 32;

	CHECK(!(shared_info.wc_version & 1), "version %u", shared_info.wc_version);
	CHECK(shared_info.wc_nsec < 1000000000, "nsec %u", shared_info.wc_nsec);
	sec += now() / 1000000000;
	CHECK(sec > 1600000000 && sec < 4000000000, "%lu seconds since 1970", sec);
}
