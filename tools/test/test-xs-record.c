/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records that no daemon wrote: each is refused with what is wrong, and the store stays sound. */
#include "unit.h"

#include <string.h>

#include "../xenstored/core/op.h"
#include "xs-world.h"

#define OTHER 5

static struct world w;
static struct buf record;

static int setup(void **state)
{
	world_init(&w);
	world_ring(&w, OTHER);
	w.log.len = 0;
	return 0;
}

static int teardown(void **state)
{
	const char *wrong = xs_check(&w.xs);

	buf_free(&record);
	record = (struct buf){ 0 };
	world_fini(&w);
	return wrong != NULL;
}

static const char *apply(uint16_t kind, uint16_t domid, const void *body, size_t len)
{
	struct record_head h = { .kind = kind, .domid = domid };

	record.len = 0;
	buf_add(&record, &h, sizeof(h));
	buf_add(&record, body, len);
	return record_apply(&w.xs, record.data, record.len);
}

static void refused(const char *wrong, const char *want)
{
	assert_non_null(wrong);
	assert_string_equal(wrong, want);
}

static const char *op(uint8_t code, const char *path, const char *value, size_t len)
{
	struct { uint8_t code, zero; uint16_t owner; uint32_t path_len, value_len; } h = {
		.code = code, .owner = DOMID_NONE, .path_len = (uint32_t)strlen(path),
		.value_len = (uint32_t)len,
	};
	struct buf b = { 0 };
	const char *wrong;

	buf_add(&b, &h, sizeof(h));
	buf_add(&b, path, strlen(path));
	buf_add(&b, value, len);
	wrong = apply(REC_OPS, DOMID_NONE, b.data, b.len);
	buf_free(&b);
	return wrong;
}

static void test_changes(void **state)
{
	static const char *const names[] = { "", "a", "@releaseDomain", "//", "/a//b", "/a/" };
	const char nonsense[] = "a change of the store that makes no sense";
	struct perm perm = { .domid = 0 };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		refused(op(OP_SET, names[i], "x", 1), nonsense);
		refused(op(OP_MKDIR, names[i], "", 0), nonsense);
		refused(op(OP_RM, names[i], "", 0), nonsense);
	}
	refused(op(OP_RM, "/", "", 0), nonsense);
	refused(op(9, "/a", "", 0), nonsense);
	/* Permissions of a node that is not there, and none at all. */
	refused(op(OP_ACL, "/a", (char *)&perm, sizeof(perm)), nonsense);
	assert_null(op(OP_SET, "/a", "x", 1));
	refused(op(OP_ACL, "/a", "", 0), nonsense);
	assert_null(op(OP_ACL, "/a", (char *)&perm, sizeof(perm)));
	assert_null(op(OP_ACL, "@releaseDomain", (char *)&perm, sizeof(perm)));
}

static void test_domains(void **state)
{
	struct record_domain body = { .domid = DOMID_NONE, .target = DOMID_NONE };
	uint16_t stranger = 9;

	refused(apply(REC_DOMAIN, DOMID_NONE, &body, sizeof(body)), "a domain that cannot be");
	body.domid = body.target = 7;
	refused(apply(REC_DOMAIN, DOMID_NONE, &body, sizeof(body)), "a domain that cannot be");
	refused(apply(REC_DOMAIN, DOMID_NONE, &body, 3), "a domain of the wrong size");
	body.target = OTHER;
	assert_null(apply(REC_DOMAIN, DOMID_NONE, &body, sizeof(body)));
	refused(apply(REC_RELEASE, DOMID_NONE, &stranger, sizeof(stranger)),
		"a domain released that was not introduced");
	assert_null(apply(REC_RELEASE, DOMID_NONE, &body.domid, sizeof(body.domid)));
}

/* A watch of the ring of @domid; @text is the path and the token, each with its NUL. */
static const char *watch(uint16_t domid, uint32_t home_len, const char *text, size_t len)
{
	struct record_watch body = { .home_len = home_len };
	struct buf b = { 0 };
	const char *wrong;

	buf_add(&b, &body, sizeof(body));
	buf_add(&b, text, len);
	wrong = apply(REC_WATCH, domid, b.data, b.len);
	buf_free(&b);
	return wrong;
}

static void test_watches(void **state)
{
	const char nonsense[] = "a watch that makes no sense", home[] = "/local/domain/5/a\0token";

	assert_null(watch(OTHER, 0, "/a\0t", 5));
	assert_null(watch(OTHER, 0, "@releaseDomain\0t", 17));
	assert_null(watch(OTHER, 16, home, sizeof(home)));
	refused(watch(9, 0, "/a\0t", 5), nonsense);
	refused(watch(OTHER, 0, "a\0t", 4), nonsense);
	refused(watch(OTHER, 0, "\0t", 3), nonsense);
	refused(watch(OTHER, 0, "@release/\0t", 12), nonsense);
	refused(watch(OTHER, 0, "/a\0t\0more", 10), nonsense);
	refused(watch(OTHER, 0, "/a\0t", 4), nonsense);		/* no NUL at its end */
	refused(watch(OTHER, 0, "/a", 3), "a watch without a token");
	refused(watch(OTHER, 15, home, sizeof(home)), nonsense);
	refused(watch(OTHER, 3, "/a/b\0t", 7), nonsense);
}

static void test_heads(void **state)
{
	uint32_t epoch = 3;

	refused(record_apply(&w.xs, "short", 5), "too short");
	refused(apply(0, DOMID_NONE, NULL, 0), "of an unknown kind");
	refused(apply(REC_EPOCH + 1, DOMID_NONE, NULL, 0), "of an unknown kind");
	refused(apply(REC_EPOCH, DOMID_NONE, &epoch, 1), "a start of the wrong size");
	assert_null(apply(REC_EPOCH, DOMID_NONE, &epoch, sizeof(epoch)));
	assert_int_equal(w.xs.epoch, 3);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_changes), T(test_domains), T(test_watches), T(test_heads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
