/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The demo device's registers, and requests as a hypervisor writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../demo-device/request.h"

#define BASE 0x5f0

static char said[1024];

static void say(void *arg, const char *line)
{
	size_t used = strlen(said);

	snprintf(said + used, sizeof(said) - used, "[%s]", line);
}

static int setup(void **state)
{
	static struct demo d;

	d = (struct demo){ .say = say };
	*state = &d;
	said[0] = 0;
	return 0;
}

static void write_text(struct demo *d, const char *text)
{
	for (; *text; text++)
		demo_write(d, 0, 1, (uint8_t)*text);
}

static void test_registers(void **state)
{
	struct demo *d = *state;

	assert_int_equal(demo_read(d, 0, 1), DEMO_ID);
	demo_write(d, 1, 1, 0x5a);
	assert_int_equal(demo_read(d, 1, 1), 0xa5);
	assert_int_equal(demo_read(d, 0, 4), 0xa50d);
	/* Beyond the last, and with the whole of the device in one access. */
	assert_int_equal(demo_read(d, 3, 2), 0xff00);
	assert_int_equal(demo_read(d, 4, 1), 0xff);
	demo_write(d, 3, 4, ~0UL);
	demo_write(d, 0, 2, '\n' | 0x1200);
	assert_int_equal(demo_read(d, 0, 4), 0x1ed0d);
}

static void test_lines(void **state)
{
	struct demo *d = *state;
	char text[2 * DEMO_LINE + 2];

	write_text(d, "one\ntw\too\n\npart");
	assert_string_equal(said, "[one][tw.oo][]");
	assert_int_equal(demo_read(d, 2, 2), 3);
	write_text(d, "\n");
	assert_string_equal(said, "[one][tw.oo][][part]");
	said[0] = 0;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = 0;
	write_text(d, text);
	write_text(d, "\n");
	assert_int_equal(strlen(said), sizeof(text) - 1 + 3 * 2);
}

static bool ask(struct demo *d, struct ioreq *q)
{
	q->state = STATE_IOREQ_READY;
	return request_answer(q, d, BASE);
}

static void test_requests(void **state)
{
	struct demo *d = *state;
	struct ioreq q = { .addr = BASE + 1, .size = 1, .count = 1, .dir = IOREQ_WRITE, .data = 7,
			   .type = IOREQ_TYPE_PIO, .vp_eport = 9 };

	/* Not a request, in each other state. */
	for (uint8_t s = 0; s < 16; s++) {
		q.state = s;
		if (s != STATE_IOREQ_READY)
			assert_false(request_answer(&q, d, BASE));
		assert_int_equal(q.state, s);
	}
	assert_int_equal(demo_read(d, 1, 1), 0xff);
	assert_true(ask(d, &q));
	assert_int_equal(q.state, STATE_IORESP_READY);
	assert_int_equal(q.vp_eport, 9);
	assert_int_equal(q.type, IOREQ_TYPE_PIO);
	q.dir = IOREQ_READ;
	assert_true(ask(d, &q));
	assert_int_equal(q.data, 0xf8);
	/* Several writes at once, and what this device cannot do. */
	q = (struct ioreq){ .addr = BASE, .size = 1, .count = 3, .dir = IOREQ_WRITE, .data = 'a',
			    .type = IOREQ_TYPE_PIO };
	assert_true(ask(d, &q));
	q.data_is_ptr = 1;
	assert_true(ask(d, &q));
	q.type = IOREQ_TYPE_COPY;
	q.data_is_ptr = 0;
	q.dir = IOREQ_READ;
	assert_true(ask(d, &q));
	assert_true(q.data == ~(uint64_t)0);
	write_text(d, "\n");
	assert_string_equal(said, "[aaa]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_registers, setup),
		cmocka_unit_test_setup(test_lines, setup),
		cmocka_unit_test_setup(test_requests, setup),
	};

	return cmocka_run_group_tests_name("demo-device", tests, NULL, NULL);
}
