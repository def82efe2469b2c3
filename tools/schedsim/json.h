/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading JSON that people write. Every mistake ends the program with one line that names the file
 * and the place, such as `w.json: domains[2].task.period`. A member that was not asked for is a
 * mistake too.
 */
#ifndef SCHEDSIM_JSON_H
#define SCHEDSIM_JSON_H

#include <xen/types.h>

#include "program.h"

struct json;

/** The document in a file, which must be an object. */
struct json *json_open(const char *path);
/** Die unless every member of @j (and of what was taken out of it) was asked for; free it all. */
void json_close(struct json *j);

/** Die: what is wrong at the place of @j, or of its member @key when that is not NULL. */
void json_die(const struct json *j, const char *key, const char *what)
	__attribute__((noreturn));

bool json_has(const struct json *j, const char *key);
/** A member that may be there and has no effect. */
void json_ignore(struct json *j, const char *key);
/** A member that must be there, an object / an array. NULL when @needed is false and it is not. */
struct json *json_section(struct json *j, const char *key, bool needed);
struct json *json_list(struct json *j, const char *key, bool needed);
u32 json_length(const struct json *array);
/** An element, which is an object. */
struct json *json_element(struct json *array, u32 i);
/** The elements of an array of natural numbers. */
u32 json_element_u32(struct json *array, u32 i, u32 most);
/** Member number @i of an object in the order of the file, and its name; NULL at the end. */
const char *json_member(const struct json *j, u32 i);

s64 json_int(struct json *j, const char *key, s64 least, s64 most);
s64 json_int_or(struct json *j, const char *key, s64 least, s64 most, s64 otherwise);
bool json_bool_or(struct json *j, const char *key, bool otherwise);
const char *json_string(struct json *j, const char *key);
const char *json_string_or(struct json *j, const char *key, const char *otherwise);
/** A time such as "250us", "10ms", "1.5s", "40ns", in ns. */
s64 json_time(struct json *j, const char *key);
s64 json_time_or(struct json *j, const char *key, s64 otherwise);
/** A time, or {"uniform": ["1ms", "2ms"]}, {"exponential": "1ms"}. */
struct amount json_amount(struct json *j, const char *key);

/** The ns of a time as text; false when it is not one. */
bool parse_time(const char *text, s64 *ns);
/** A list of CPUs such as "0-3,8" as a bitmap of MACHINE_MAX_CPUS bits; false when it is not one,
 * or names a CPU that is not below @cpus. */
bool parse_cpus(const char *text, u32 cpus, u64 *bits);

#endif
