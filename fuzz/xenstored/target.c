/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Streams of requests from several clients and guests to xenstored's core, checked against a
 * model.
 */
#include "xs-play.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	xs_play(data, size);
	return 0;
}
