/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When the only module is a bundle (xen/bundle.h), its files become the modules, used in place. */
#include <xen/bundle.h>

#include "boot.h"

_Static_assert(BUNDLE_LINE_MAX <= BOOT_MODULE_CMDLINE_MAX, "all arguments of a line fit");

/* The archive: what is mapped at @data is at @address. */
struct bundle {
	const char *data;
	u64 address;
};

static void add(void *ctx, const char *args, const void *data, u64 size)
{
	const struct bundle *b = ctx;
	u64 at = b->address + (u64)((const char *)data - b->data);

	boot_add_module(at, at + size, args, false);
}

void boot_open_bundle(void)
{
	const struct boot_module only = boot_info.modules[0];
	struct bundle b = { .address = only.start.v };
	u64 size = only.end.v - only.start.v;
	char why[160];
	int rc;

	if (boot_info.nr_modules != 1)
		return;
	b.data = boot_ptr(b.address, size);
	if (!b.data)
		return;
	boot_info.nr_modules = 0;
	rc = bundle_read(b.data, size, add, &b, why, sizeof(why));
	if (rc < 0)
		boot_fault("%s", why);
	if (rc)
		return;
	boot_info.modules[0] = only;
	boot_info.nr_modules = 1;
}
