/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest that writes anything into its page of xenstored, and daemons that die at any moment. */
#include "xs-ring-play.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	xs_ring_play(data, size);
	return 0;
}
