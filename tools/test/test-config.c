/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xl.cfg: words, settings, errors with their lines, and the languages of disk= and vif=. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

static struct cfg_error err;
static char warned[CFG_ERROR_BYTES];

static void warn(const char *text)
{
	snprintf(warned, sizeof(warned), "%s", text);
}

static struct cfg *parse(const char *text)
{
	warned[0] = err.text[0] = '\0';
	return cfg_parse(text, strlen(text), "f", &err, warn);
}

static void test_values(void **state)
{
	struct cfg *c = parse("# a comment\n"
			      "name = \"u1\"; type='pvh'   # behind\n"
			      "memory = 0x40\r\n"
			      "on = 1\n"
			      "disk = [ 'a,b,c' ,\n\n  # inside\n  \"d\", ]\n"
			      "deep = [ [ 1, 2 ], [], 'x' ]\n"
			      "empty = []");
	const struct cfg_value *const *items;
	const char *s;
	uint64_t n;
	size_t count;
	bool b;

	assert_non_null(c);
	assert_int_equal(cfg_string(c, "name", &s, &err), 0);
	assert_string_equal(s, "u1");
	assert_int_equal(cfg_string(c, "type", &s, &err), 0);
	assert_string_equal(s, "pvh");
	assert_int_equal(cfg_number(c, "memory", 100, &n, &err), 0);
	assert_int_equal(n, 64);
	assert_int_equal(cfg_bool(c, "on", &b, &err), 0);
	assert_true(b);
	assert_int_equal(cfg_list(c, "disk", false, &items, &count, &err), 0);
	assert_int_equal(count, 2);
	assert_string_equal(items[0]->text, "a,b,c");
	assert_int_equal(items[1]->line, 8);
	assert_int_equal(cfg_list(c, "deep", false, &items, &count, &err), 0);
	assert_int_equal(count, 3);
	assert_int_equal(items[0]->items, 2);
	assert_string_equal(items[0]->item[1]->text, "2");
	assert_int_equal(cfg_list(c, "empty", false, &items, &count, &err), 0);
	assert_int_equal(count, 0);
	assert_int_equal(cfg_string(c, "nothing", &s, &err), -ENOENT);
	cfg_free(c);
}

static void test_escapes(void **state)
{
	struct cfg *c = parse("a = \"x\\x41\\n\\101\\\\\"\nb='say \\x22hi\\x22'\n");
	const char *s;

	assert_non_null(c);
	cfg_string(c, "a", &s, &err);
	assert_string_equal(s, "xA\nA\\");
	cfg_string(c, "b", &s, &err);
	assert_string_equal(s, "say \"hi\"");
	cfg_free(c);
	assert_null(parse("a = \"\\q\""));
	assert_null(parse("a = \"\\0\""));
}

static void test_append(void **state)
{
	struct cfg *c = parse("a = 'x'\na += 'y'\nl = [ 1 ]\nl += [ 2, 3 ]\nfresh += 'z'\n");
	const struct cfg_value *const *items;
	const char *s;
	size_t n;

	assert_non_null(c);
	cfg_string(c, "a", &s, &err);
	assert_string_equal(s, "xy");
	cfg_list(c, "l", false, &items, &n, &err);
	assert_int_equal(n, 3);
	assert_string_equal(items[2]->text, "3");
	cfg_free(c);
	assert_null(parse("l = [ 1 ]\nl += 'x'\n"));
	assert_string_equal(err.text, "f:2: += joins a list and a list, or a string and a string");
}

static void test_errors(void **state)
{
	static const struct {
		const char *text, *error;
	} bad[] = {
		{ "name = \"x", "f:1: a string without its closing quote" },
		{ "\n\nname \"x\"", "f:3: \"x\" where '=' should stand" },
		{ "a = [ 1, 2\n", "f:2: the file ends where ',' or ']' should stand" },
		{ "a = 1 b = 2", "f:1: \"b\" where the end of the line should stand" },
		{ "a =\n", NULL }, { "= 1", NULL }, { "a = ]", NULL }, { "1 = 2", NULL },
		{ "a = { }", NULL }, { "a + 1", NULL }, { "a = [ 1 2 ]", NULL },
		{ "a = [[[[[[[[[[ 1 ]]]]]]]]]]", "f:1: lists more than 8 deep" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_null(parse(bad[i].text));
		assert_true(err.text[0]);
		if (bad[i].error)
			assert_string_equal(err.text, bad[i].error);
	}
}

static void test_types(void **state)
{
	struct cfg *c = parse("n = 5x\nbig = 300\nb = 'maybe'\nl = [ 1 ]\ns = 'one'\n");
	const struct cfg_value *const *items;
	const char *s;
	uint64_t v;
	size_t n;
	bool b;

	assert_int_equal(cfg_number(c, "n", 10, &v, &err), -EINVAL);
	assert_string_equal(err.text, "f:1: n takes a number, not \"5x\"");
	assert_int_equal(cfg_number(c, "big", 255, &v, &err), -EINVAL);
	assert_string_equal(err.text, "f:2: big is from 0 to 255, not 300");
	assert_int_equal(cfg_bool(c, "b", &b, &err), -EINVAL);
	assert_int_equal(cfg_string(c, "l", &s, &err), -EINVAL);
	assert_int_equal(cfg_list(c, "s", false, &items, &n, &err), -EINVAL);
	assert_int_equal(cfg_list(c, "s", true, &items, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_string_equal(items[0]->text, "one");
	cfg_free(c);
}

static void test_twice_and_unused(void **state)
{
	struct cfg *c = parse("a = 1\nb = 2\na = 3\n");
	size_t at = 0;
	uint64_t v;

	assert_string_equal(warned, "f:3: a was set in line 1 already; this value counts");
	assert_int_equal(cfg_number(c, "a", 10, &v, &err), 0);
	assert_int_equal(v, 3);
	assert_string_equal(cfg_unused(c, &at)->name, "b");
	assert_null(cfg_unused(c, &at));
	cfg_free(c);
}

static void check_disk(const char *spec, const char *target, const char *vdev, const char *format,
		       bool readonly)
{
	char *text = strdup(spec);
	struct cfg_disk d;

	assert_int_equal(cfg_parse_disk(text, &d, &err), 0);
	assert_string_equal(d.target, target);
	assert_string_equal(d.vdev, vdev);
	assert_string_equal(d.format, format);
	assert_int_equal(d.readonly, readonly);
	free(text);
}

static void test_disk(void **state)
{
	static const struct {
		const char *spec, *error;
	} bad[] = {
		{ "/a", "no device (vdev=xvda) for \"/a\"" },
		{ "/a,raw", "no device (vdev=xvda) for \"/a\"" },
		{ "", "no device (vdev=xvda) for \"\"" },
		{ "vdev=xvda", "no target for \"xvda\"" },
		{ "/a,raw,xvda,z", "access is r, ro, w, rw or w!, not \"z\"" },
		{ "/a.qcow2,QCOW2,xvda,rw",
		  "a format is raw, qcow, qcow2, vhd or qed, not \"QCOW2\"" },
		{ "/a,xvda,w", "a format is raw, qcow, qcow2, vhd or qed, not \"xvda\"" },
		{ "/a,raw,xvda,rw,format=qcow2", "the format is said twice, at \"qcow2\"" },
		{ "/a,raw,xvda,rw,vdev=xvdb", "the device is said twice, at \"xvdb\"" },
		{ "/a,raw,xvda,w,target=/b", "the target is said twice, at \"/b\"" },
		{ "/a,raw,xvda,w,script=a,script=a", "the script is said twice, at \"a\"" },
		{ "drbd:a,xvda,w,script=b", "the script is said twice, at \"b\"" },
		{ "drbd:a,xvda,w,script=", "the script is said twice, at \"\"" },
		{ "nbd:iscsi:a,xvda,w", "the script is said twice, at \"block-iscsi\"" },
		{ "/a,raw,xvda,w,backend=0,backend=1", "the backend is said twice, at \"1\"" },
		{ "/a,raw,xvda,w,backendtype=qdisk,backendtype=phy",
		  "the backendtype is said twice, at \"phy\"" },
		{ "/a,raw,xvda,w,specification=virtio,specification=xen",
		  "the specification is said twice, at \"xen\"" },
		{ "/a,raw,xvda,w,more", "too many words, at \"more\"" },
		{ "/a,raw,xvda:tape", "a device's type is cdrom or disk, not \"tape\"" },
		{ "vdev=xvda,devtype=foo,target=/x",
		  "a device's type is cdrom or disk, not \"foo\"" },
		{ "colour=red,vdev=xvda,target=/x", "unknown key \"colour\"" },
		{ "foo:/b,xvda,w", "unknown prefix of a target, at \"foo:/b\"" },
		{ "phy:foo:/b,xvda,w", "unknown prefix of a target, at \"foo:/b\"" },
		{ "nbd:srv:,xvda,w", "unknown prefix of a target, at \"srv:\"" },
		{ "foo:bar,xvda,w",
		  "a format is raw, qcow, qcow2, vhd or qed, not \"xvda\"" },
		{ "raw:qcow2:/b,xvda,w", "the format is said twice, at \"qcow2\"" },
		{ "qcow2:/b,xvda,w,format=raw", "the format is said twice, at \"raw\"" },
		{ "/a,raw,xvda,w,colo", "replication is not built: \"colo\"" },
	};
	struct cfg_disk d;
	char *text;

	check_disk("/dev/vg/a,raw,xvda,rw", "/dev/vg/a", "xvda", "raw", false);
	check_disk("/dev/vg/a,,hda", "/dev/vg/a", "hda", "raw", false);
	check_disk("phy:/dev/sda1,xvdb,r", "/dev/sda1", "xvdb", "raw", true);
	check_disk("vdev=xvda, format=qcow2 , access=ro, target=/a,b=c", "/a,b=c", "xvda", "qcow2",
		   true);
	check_disk("vdev=xvda,target= /a ", " /a ", "xvda", "raw", false);
	check_disk("tap:aio:qcow2:/img,sda", "/img", "sda", "qcow2", false);
	check_disk("/a:b,raw,xvda,", "/a:b", "xvda", "raw", false);
	check_disk("/a,raw,xvda,w,backendtype=phy,backendtype=phy,specification=xen,"
		   "specification=xen", "/a", "xvda", "raw", false);
	text = strdup("drbd:mail,xvda2,w");
	assert_int_equal(cfg_parse_disk(text, &d, &err), 0);
	assert_string_equal(d.target, "mail");
	assert_string_equal(d.script, "block-drbd");
	free(text);
	text = strdup(",hdc:cdrom,r");
	assert_int_equal(cfg_parse_disk(text, &d, &err), 0);
	assert_true(d.cdrom && !d.target && d.readonly);
	free(text);
	text = strdup(",,hdc:cdrom,r");
	assert_int_equal(cfg_parse_disk(text, &d, &err), 0);
	assert_true(d.cdrom);
	assert_null(d.target);
	free(text);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		text = strdup(bad[i].spec);
		assert_int_equal(cfg_parse_disk(text, &d, &err), -EINVAL);
		assert_memory_equal(err.text, "disk: ", 6);
		assert_string_equal(err.text + 6, bad[i].error);
		free(text);
	}
}

/* A colon may be the target's own, after a prefix and without one. */
static void test_disk_prefix(void **state)
{
	static const struct {
		const char *spec, *target, *script;
	} cases[] = {
		{ "nbd:srv:1234,xvda,w", "srv:1234", "block-nbd" },
		{ "iscsi:host:3260,xvda,w", "host:3260", "block-iscsi" },
		{ "enbd:srv:5,xvda,w", "srv:5", "block-enbd" },
		{ "drbd:res0:x,xvda,w", "res0:x", "block-drbd" },
		{ "nbd:10.0.0.1:5,xvda,w", "10.0.0.1:5", "block-nbd" },
		{ "phy:nbd:y,xvda,w", "y", "block-nbd" },
		{ "phy:res0:x,xvda,w", "res0:x", NULL }, { "file:srv:1,xvda,w", "srv:1", NULL },
		{ "aio:x:y,xvda,w", "x:y", NULL }, { "raw:raw:/x,xvda,w", "/x", NULL },
		{ "phy:foo:bar:/x,xvda,w", "foo:bar:/x", NULL },
		{ "phy:1foo:/x,xvda,w", "1foo:/x", NULL },
		{ "foo:bar,raw,xvda,w", "foo:bar", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = strdup(cases[i].spec);
		struct cfg_disk d;

		assert_int_equal(cfg_parse_disk(text, &d, &err), 0);
		assert_string_equal(d.target, cases[i].target);
		assert_string_equal(d.vdev, "xvda");
		assert_string_equal(d.script ? d.script : "", cases[i].script ? cases[i].script :
				    "");
		free(text);
	}
}

static void test_vif(void **state)
{
	char good[] = "mac=00:16:3e:01:02:03, bridge=xenbr0,mtu=9000,devid=3";
	char empty[] = "", bad_mac[] = "mac=00:16", bad_key[] = "wheels=4", bad_mtu[] = "mtu=x";
	struct cfg_vif v;

	assert_int_equal(cfg_parse_vif(good, &v, &err), 0);
	assert_string_equal(v.mac, "00:16:3e:01:02:03");
	assert_string_equal(v.bridge, "xenbr0");
	assert_int_equal(v.mtu, 9000);
	assert_int_equal(v.devid, 3);
	assert_int_equal(cfg_parse_vif(empty, &v, &err), 0);
	assert_int_equal(cfg_parse_vif(bad_mac, &v, &err), -EINVAL);
	assert_int_equal(cfg_parse_vif(bad_key, &v, &err), -EINVAL);
	assert_int_equal(cfg_parse_vif(bad_mtu, &v, &err), -EINVAL);
}

static void test_mac(void **state)
{
	static const char *const bad[] = { "", "00:16", "00:16:3e:aa:bb:01:02", "0:16:3e:a:b:",
		"00:16:3e:aa:bb:g1", "000:16:3e:aa:bb:01", "00:16:3e:aa:bb:-1", "00.16.3e.a.b.1" };
	char mac[CFG_MAC_BYTES];

	assert_true(cfg_parse_mac("00:16:3E:AA:BB:01", mac));
	assert_string_equal(mac, "00:16:3e:aa:bb:01");
	assert_true(cfg_parse_mac("0-16-3e-a-b-1", mac));
	assert_string_equal(mac, "00:16:3e:0a:0b:01");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(cfg_parse_mac(bad[i], mac));
}

static void test_signed(void **state)
{
	struct cfg *c = parse("a = '-3600'\nb = 7\nc = '--1'\nd = '-99'\ne = '-'\n");
	int64_t v;

	assert_int_equal(cfg_signed(c, "a", -5000, 5000, &v, &err), 0);
	assert_int_equal(v, -3600);
	assert_int_equal(cfg_signed(c, "b", 0, 7, &v, &err), 0);
	assert_int_equal(cfg_signed(c, "c", -9, 9, &v, &err), -EINVAL);
	assert_string_equal(err.text, "f:3: c takes a number, not \"--1\"");
	assert_int_equal(cfg_signed(c, "d", -9, 9, &v, &err), -EINVAL);
	assert_string_equal(err.text, "f:4: d is from -9 to 9, not -99");
	assert_int_equal(cfg_signed(c, "e", -9, 9, &v, &err), -EINVAL);
	cfg_free(c);
}

/* A negative number is a number too, out of a range from 0 on. */
static void test_number(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "n = 0", NULL }, { "n = '-0'", NULL }, { "n = '9'", NULL }, { "n = '0x5'", NULL },
		{ "n = 10", "f:1: n is from 0 to 9, not 10" },
		{ "n = '-5'", "f:1: n is from 0 to 9, not -5" },
		{ "n = '-5x'", "f:1: n takes a number, not \"-5x\"" },
		{ "n = '- 5'", "f:1: n takes a number, not \"- 5\"" },
		{ "n = '99999999999999999999'",
		  "f:1: n takes a number, not \"99999999999999999999\"" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cfg *c = parse(cases[i].text);
		uint64_t v = 77;
		int rc = cfg_number(c, "n", 9, &v, &err);

		assert_int_equal(rc, cases[i].error ? -EINVAL : 0);
		if (cases[i].error)
			assert_string_equal(err.text, cases[i].error);
		assert_true(cases[i].error ? v == 77 : v <= 9);
		cfg_free(c);
	}
}

static void test_rate(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
		uint32_t usecs;
	} good[] = {
		{ "10Mb/s", 62500, 50000 }, { "1GB/s@20ms", 20000000, 20000 },
		{ "250KB/s@1s", 250000, 1000000 }, { "8b/s@1s", 1, 1000000 },
		{ "1B/s@7us", 0, 7 }, { "0B/s", 0, 50000 },
	};
	static const char *const bad[] = { "", "10", "10M", "10Mb", "Mb/s", "-1Mb/s", "1Tb/s",
		"1Mb/s@", "1Mb/s@5", "1Mb/s@0ms", "1Mb/s@5ns", "1Mb/s@5ms,", "1Mb/s x",
		"99999999999999999999b/s", "18446744073709551615GB/s", "1b/s@5000s" };
	uint64_t bytes;
	uint32_t usecs;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(cfg_parse_rate(good[i].text, &bytes, &usecs));
		assert_int_equal(bytes, good[i].bytes);
		assert_int_equal(usecs, good[i].usecs);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(cfg_parse_rate(bad[i], &bytes, &usecs));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rate), cmocka_unit_test(test_mac),
		cmocka_unit_test(test_signed), cmocka_unit_test(test_number),
		cmocka_unit_test(test_values), cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_append), cmocka_unit_test(test_errors),
		cmocka_unit_test(test_types), cmocka_unit_test(test_twice_and_unused),
		cmocka_unit_test(test_disk), cmocka_unit_test(test_disk_prefix),
		cmocka_unit_test(test_vif),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
