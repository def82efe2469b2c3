/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device trees: a valid tree is read back; each kind of invalid tree; random damage. */
#include "unit.h"

#include <string.h>

#include <xen/compiler.h>
#include <xen/fdt.h>

static struct {
	u8 bytes[4096];
	u32 len;
	char strings[256];
	u32 strings_len;
} b;

static void put32(u32 v)
{
	for (int i = 24; i >= 0; i -= 8)
		b.bytes[b.len++] = (u8)(v >> i);
}

static void poke32(u32 at, u32 v)
{
	u32 len = b.len;

	b.len = at;
	put32(v);
	b.len = len;
}

static void put_bytes(const void *p, u32 n)
{
	memcpy(b.bytes + b.len, p, n);
	b.len = ROUND_UP(b.len + n, 4U);
}

static void begin(const char *name)
{
	put32(1);
	put_bytes(name, (u32)strlen(name) + 1);
}

static void end(void)
{
	put32(2);
}

static void prop(const char *name, const void *value, u32 len)
{
	put32(3);
	put32(len);
	put32(b.strings_len);
	strcpy(b.strings + b.strings_len, name);
	b.strings_len += (u32)strlen(name) + 1;
	put_bytes(value, len);
}

#define STRUCT_AT 72

/* Header, one reservation, the structure, the strings. */
static void start(void)
{
	memset(&b, 0, sizeof(b));
	b.len = 40;
	put32(0), put32(0x1000), put32(0), put32(0x2000);
	b.len += 16;
}

static void finish(void)
{
	u32 struct_end, header[10];

	put32(9);
	struct_end = b.len;
	memcpy(b.bytes + b.len, b.strings, b.strings_len);
	b.len += b.strings_len;
	memcpy(header, (u32[]){ 0xd00dfeed, b.len, STRUCT_AT, struct_end, 40, 17, 16, 0,
				b.strings_len, struct_end - STRUCT_AT }, sizeof(header));
	for (u32 i = 0; i < 10; i++)
		poke32(4 * i, header[i]);
}

static void make(void)
{
	start();
	begin("");
	prop("model", "Test", 5);
	put32(4);
	prop("reg", "\0\0\0\1\0\0\0\2\0\0\0\3", 12);
	begin("chosen");
	prop("compatible", "xen,one\0xen,domain", 19);
	begin("dom1@100");
	prop("phandle", "\0\0\0\7", 4);
	prop("memory", "\0\0\0\1\0\0\0\2", 8);
	end();
	begin("dom1");
	end();
	end();
	put32(4);
	begin("cpus");
	prop("empty", "", 0);
	end();
	end();
	finish();
}

/* In memory of its exact size, so that the sanitizer sees any access outside. */
static enum fdt_error open_copy(struct fdt *t, u8 **copy, u32 len)
{
	*copy = malloc(len);
	memcpy(*copy, b.bytes, len);
	return fdt_open(t, *copy, len);
}

static void test_read(void **state)
{
	fdt_node_t root, chosen, c;
	struct fdt_prop p;
	struct fdt t;
	u64 start_at, v;
	u32 n = 0, w;
	u8 *copy;

	make();
	assert_int_equal(open_copy(&t, &copy, b.len), FDT_OK);
	root = fdt_root(&t);
	assert_string_equal(fdt_node_name(&t, root), "");
	fdt_for_each_child(c, &t, root)
		n++;
	assert_int_equal(n, 2);
	assert_string_equal(fdt_get_string(&t, root, "model"), "Test");
	assert_null(fdt_get_string(&t, root, "reg"));
	assert_true(fdt_get_prop(&t, root, "reg", &p));
	assert_true(fdt_prop_u32(&p, 2, &w));
	assert_int_equal(w, 3);
	assert_false(fdt_prop_u32(&p, 3, &w));
	assert_true(fdt_prop_cells(&p, 1, 2, &v));
	assert_int_equal(v, 0x200000003);
	assert_false(fdt_prop_cells(&p, 2, 2, &v));
	assert_false(fdt_prop_cells(&p, 0, 3, &v));
	chosen = fdt_find_path(&t, "/chosen");
	assert_true(fdt_is_compatible(&t, chosen, "xen,domain"));
	assert_false(fdt_is_compatible(&t, chosen, "xen"));
	assert_true(fdt_get_prop(&t, chosen, "compatible", &p));
	assert_string_equal(fdt_prop_string(&p, 1), "xen,domain");
	assert_null(fdt_prop_string(&p, 2));
	c = fdt_find_path(&t, "/chosen/dom1@100");
	assert_true(fdt_get_u64(&t, c, "memory", &v));
	assert_int_equal(v, 0x100000002);
	assert_false(fdt_get_u32(&t, c, "memory", &w));
	assert_int_equal(fdt_find_phandle(&t, 7).v, c.v);
	assert_int_equal(fdt_find_child(&t, chosen, "dom1").v, c.v);
	assert_string_equal(fdt_node_name(&t, fdt_next_sibling(&t, c)), "dom1");
	assert_false(fdt_node_ok(fdt_find_phandle(&t, 8)));
	assert_false(fdt_node_ok(fdt_find_path(&t, "/chosen/dom")));
	assert_false(fdt_node_ok(fdt_find_path(&t, "chosen")));
	assert_int_equal(fdt_find_path(&t, "/").v, root.v);
	c = fdt_find_path(&t, "/cpus");
	assert_true(fdt_get_prop(&t, c, "empty", &p));
	assert_int_equal(p.len, 0);
	assert_false(fdt_next_prop(&t, &p));
	assert_null(fdt_get_string(&t, c, "empty"));
	assert_true(fdt_reserved(&t, 0, &start_at, &v));
	assert_int_equal(start_at, 0x1000);
	assert_false(fdt_reserved(&t, 1, &start_at, &v));
	free(copy);
}

#define BAD(want, change)                                                \
	do {                                                             \
		struct fdt t;                                            \
		u8 *copy;                                                \
		make();                                                  \
		change;                                                  \
		assert_int_equal(open_copy(&t, &copy, b.len), want);     \
		free(copy);                                              \
	} while (0)

static void test_bad(void **state)
{
	BAD(FDT_BAD_MAGIC, poke32(0, 1));
	BAD(FDT_TRUNCATED, b.len--);
	BAD(FDT_TRUNCATED, b.len = 39);
	BAD(FDT_TRUNCATED, poke32(4, 20));
	BAD(FDT_BAD_VERSION, poke32(20, 16));
	BAD(FDT_BAD_VERSION, poke32(24, 18));
	BAD(FDT_BAD_LAYOUT, poke32(8, 0xfffffff0));
	BAD(FDT_BAD_LAYOUT, poke32(8, STRUCT_AT + 2));
	BAD(FDT_BAD_LAYOUT, poke32(36, 0xffffff00));
	BAD(FDT_BAD_LAYOUT, poke32(12, b.len + 1));
	BAD(FDT_BAD_LAYOUT, poke32(16, 8));
	BAD(FDT_BAD_RESERVE, poke32(16, (b.len - 16) & ~7U));
	BAD(FDT_BAD_TOKEN, poke32(STRUCT_AT, 5));
	BAD(FDT_BAD_TOKEN, poke32(STRUCT_AT, 2));
	BAD(FDT_BAD_TOKEN, poke32(STRUCT_AT, 9));
	BAD(FDT_BAD_PROPERTY, poke32(STRUCT_AT + 12, 0xfffffff0));
	BAD(FDT_BAD_NAME, poke32(STRUCT_AT + 16, b.strings_len));
	/* The last string loses its NUL. */
	BAD(FDT_BAD_NAME, poke32(32, b.strings_len - 1));
	/* The structure block ends before its END token. */
	BAD(FDT_BAD_TOKEN, poke32(36, b.len - b.strings_len - STRUCT_AT - 4));
}

static void test_nesting(void **state)
{
	struct fdt t;
	u8 *copy;

	for (u32 depth = FDT_MAX_DEPTH; depth <= FDT_MAX_DEPTH + 1; depth++) {
		start();
		for (u32 i = 0; i < depth; i++)
			begin(i ? "n" : "");
		for (u32 i = 0; i < depth; i++)
			end();
		finish();
		assert_int_equal(open_copy(&t, &copy, b.len),
				 depth > FDT_MAX_DEPTH ? FDT_TOO_DEEP : FDT_OK);
		free(copy);
	}
	/* Two roots; a property after a subnode. */
	start();
	begin(""), end(), begin(""), end();
	finish();
	assert_int_equal(open_copy(&t, &copy, b.len), FDT_BAD_TOKEN);
	free(copy);
	start();
	begin(""), begin("a"), end(), prop("late", "", 0), end();
	finish();
	assert_int_equal(open_copy(&t, &copy, b.len), FDT_BAD_TOKEN);
	free(copy);
}

static u32 walk(const struct fdt *t, fdt_node_t n)
{
	struct fdt_prop p;
	fdt_node_t c;
	u32 sum = (u32)strlen(fdt_node_name(t, n)), i;

	for (bool more = fdt_first_prop(t, n, &p); more; more = fdt_next_prop(t, &p)) {
		sum += (u32)strlen(p.name);
		for (i = 0; i < p.len; i++)
			sum += p.value[i];
		for (i = 0; fdt_prop_string(&p, i); i++)
			sum++;
	}
	fdt_for_each_child(c, t, n)
		sum += walk(t, c);
	return sum;
}

/* A tree that opens can be walked to its end without leaving the blob. */
static void test_damage(void **state)
{
	u32 opened = 0;

	unit_seed();
	for (u32 round = 0; round < 50000; round++) {
		struct fdt t;
		u64 s, n;
		u8 *copy;

		make();
		for (u32 k = 1 + unit_random_below(3); k; k--)
			b.bytes[unit_random_below(b.len)] =
				(u8)(unit_random_below(2) ? unit_random() : unit_random_below(10));
		if (open_copy(&t, &copy, b.len) == FDT_OK) {
			opened++;
			walk(&t, fdt_root(&t));
			fdt_find_phandle(&t, 7);
			fdt_find_path(&t, "/chosen/dom1");
			for (u32 i = 0; fdt_reserved(&t, i, &s, &n); i++)
				;
		}
		free(copy);
	}
	assert_true(opened > 1000);
	for (u32 e = 0; e <= FDT_TOO_DEEP; e++)
		assert_string_not_equal(fdt_error_text((enum fdt_error)e), "unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_nesting),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
