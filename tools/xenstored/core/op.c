/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes as bytes; see op.h. */
#include <assert.h>
#include <string.h>

#include "op.h"
#include "tree.h"
#include "util.h"

struct op_head {
	uint8_t code, zero;
	uint16_t owner;
	uint32_t path_len, value_len;
};

size_t op_size(const struct op *op)
{
	return sizeof(struct op_head) + op->path_len + op->value_len;
}

static bool sound(const struct op *op)
{
	if (op->code < OP_SET || op->code > OP_ACL || !op->path_len)
		return false;
	if (op->code == OP_ACL)
		return op->value_len && op->value_len % sizeof(struct perm) == 0;
	return op->path[0] == '/' && (op->code != OP_RM || op->path_len > 1);
}

void op_encode(struct buf *b, const struct op *op)
{
	struct op_head h = {
		.code = op->code,
		.owner = op->owner,
		.path_len = (uint32_t)op->path_len,
		.value_len = (uint32_t)op->value_len,
	};

	assert(sound(op) && op->path_len <= UINT32_MAX && op->value_len <= UINT32_MAX);
	buf_add(b, &h, sizeof(h));
	buf_add(b, op->path, op->path_len);
	buf_add(b, op->value, op->value_len);
}

bool op_decode(const char **p, const char *end, struct op *op)
{
	size_t left = (size_t)(end - *p);
	struct op_head h;

	if (left < sizeof(h))
		return false;
	memcpy(&h, *p, sizeof(h));
	left -= sizeof(h);
	if (h.path_len > left || h.value_len > left - h.path_len)
		return false;
	op->code = h.code;
	op->owner = h.owner;
	op->path = *p + sizeof(h);
	op->path_len = h.path_len;
	op->value = op->path + h.path_len;
	op->value_len = h.value_len;
	*p += sizeof(h) + h.path_len + h.value_len;
	return sound(op);
}
