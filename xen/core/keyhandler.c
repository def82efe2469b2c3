/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Debug keys: each character runs its handler, outside interrupt context. */
#include <xen/bitmap.h>
#include <xen/console.h>
#include <xen/errno.h>
#include <xen/nospec.h>
#include <xen/printk.h>
#include <xen/tasklet.h>

#define NR_KEYS 128

static void show_help(char key);

static struct {
	void (*fn)(char key);
	const char *what;
} keys[NR_KEYS] = {		/* filled at boot */
	['h'] = { show_help, "list the debug keys" },
};

/* One bit for each key that was pressed and not handled yet [atomic] */
static DECLARE_BITMAP(pending, NR_KEYS);

static void run_pending(void *arg)
{
	u32 key;

	bitmap_for_each(key, pending, NR_KEYS)
		if (bit_test_and_clear_atomic(pending, key)) {
			printk(LOG_ERR "'%c' pressed: %s\n", (char)key, keys[key].what);
			keys[key].fn((char)key);
		}
}

static struct tasklet tasklet = {
	.link = LIST_HEAD_INIT(tasklet.link), .fn = run_pending, .cpu = -1,
};

void keyhandler_register(char key, void (*fn)(char key), const char *what)
{
	if ((u8)key >= NR_KEYS) {
		printk(LOG_ERR "debug key %#x (%s) cannot be used\n", key, what);
		return;
	}
	keys[(u8)key].fn = fn;
	keys[(u8)key].what = what;
}

static void show_help(char key)
{
	for (u32 i = 0; i < NR_KEYS; i++)
		if (keys[i].fn)
			printk(LOG_ERR " %c: %s\n", (char)i, keys[i].what);
}

int keyhandler_run(char key)
{
	u8 k = (u8)key;

	if (k >= NR_KEYS)
		return -XEN_ENOENT;
	k = array_index_nospec(k, NR_KEYS);
	if (!keys[k].fn)
		return -XEN_ENOENT;
	bit_test_and_set_atomic(pending, k);
	tasklet_schedule(&tasklet);
	return 0;
}
