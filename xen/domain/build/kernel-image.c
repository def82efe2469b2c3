/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel as the boot loader passes it: an ELF file, or a bzImage with one inside. */
#include <xen/decompress.h>
#include <xen/printk.h>
#include <xen/string.h>

#include "build.h"

/* An image that claims to unpack to more than this is not a kernel. */
#define UNPACKED_MAX (256UL << 20)

static u32 __init order_of(u64 bytes)
{
	u32 order = 0;

	while ((PAGE_SIZE << order) < bytes)
		order++;
	return order;
}

static const void *__init unpack(const char *name, const struct bzimage_info *info, u64 *out_len)
{
	static struct unpack_work work __initdata;
	struct page_info *pg;
	size_t len = 0;
	enum unpack_error e;
	u32 order;

	if (!info->unpacked_len || info->unpacked_len > UNPACKED_MAX) {
		printk(LOG_ERR "%s: the bzImage claims to unpack to %u bytes\n", name,
		       info->unpacked_len);
		return NULL;
	}
	order = order_of(info->unpacked_len);
	pg = alloc_pages(order, MEMF_NO_SCRUB);
	if (!pg) {
		printk(LOG_ERR "%s: no %lu MiB of contiguous memory to unpack the bzImage\n", name,
		       (PAGE_SIZE << order) >> 20);
		return NULL;
	}
	e = bzimage_decompress(info, page_to_virt(pg), PAGE_SIZE << order, &len, &work);
	if (e != UNPACK_OK) {
		printk(LOG_ERR "%s: cannot unpack the bzImage (%s): %s\n", name,
		       bzimage_compression(info) ?: "unknown", unpack_error_text(e));
		free_pages(pg, order);
		return NULL;
	}
	*out_len = len;
	return page_to_virt(pg);
}

const void *__init kernel_image_get(const char *name, const void *data, u64 len, u64 *out_len)
{
	struct bzimage_info info;
	enum unpack_error e;

	if ((len >= 4 && !memcmp(data, "\177ELF", 4)) ||
	    (len >= 64 && !memcmp((const char *)data + 56, "ARM\x64", 4))) {
		*out_len = len;
		return data;
	}
	e = bzimage_parse(data, len, &info);
	if (e == UNPACK_NO_PAYLOAD) {
		printk(LOG_ERR "%s: the kernel module is cut short: %s\n", name,
		       unpack_error_text(e));
		return NULL;
	}
	if (e != UNPACK_OK) {
		printk(LOG_ERR "%s: the kernel module is neither an ELF file nor a bzImage; "
		       "check the order of the modules\n", name);
		return NULL;
	}
	return unpack(name, &info, out_len);
}

void __init kernel_image_put(const void *image, u64 len, const void *data)
{
	if (image != data)
		free_pages(mfn_to_page(hal_virt_to_mfn(image)), order_of(len));
}
