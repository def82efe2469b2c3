/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Creating HVM guests: their device models. (Firmware and parameters: x86/hvm.c.) */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "create.h"
#include "device.h"

#define KIB_PER_PAGE 4
#define WAIT_MS 20
#define NUMBER_WORD "%d"	/* in the command of a device model: the domain's number */

unsigned int lx_dm_ms = 120000;

uint64_t lx_hvm_more_pages(const struct lx_create *c)
{
	const struct lx_build_info *b = &c->config->b_info;

	return b->hvm ? lx_video_kib(b) / KIB_PER_PAGE : 0;
}

bool lx_hvm_only(const struct lx_domain_config *config, const struct lx_disk *d)
{
	return config->b_info.hvm && (d->is_cdrom || d->format != LX_FORMAT_RAW);
}

int lx_hvm_check_disk(struct lx_create *c, const struct lx_disk *d)
{
	struct lx_device dev = { LX_VBD, c->domid, 0, 0 };

	lx_vdev_number(d->vdev, &dev.devid);
	if (!d->pdev_path || d->share_writes)
		return 0;
	return lx_disk_check_sharing(c->lx, 0, &dev, d->vdev, d->pdev_path, d->readwrite);
}

/* Words end at blanks. */
static void split(struct lx_words *w, const char *command, uint32_t domid)
{
	bool numbered = false;

	while (*(command += strspn(command, " \t"))) {
		size_t n = strcspn(command, " \t");

		if (n == strlen(NUMBER_WORD) && !strncmp(command, NUMBER_WORD, n)) {
			lx_words_add(w, "%u", domid);
			numbered = true;
		} else {
			lx_words_add(w, "%.*s", (int)n, command);
		}
		command += n;
	}
	if (!numbered)
		lx_words_add(w, "%u", domid);
}

int lx_hvm_step_models(struct lx_op *op)
{
	struct lx_create *c = lx_to_create(op);
	const struct lx_build_info *b = &c->made.b_info;
	unsigned int all = b->hvm ? b->nr_dm_more + 1 : 0;
	struct lx_words w = { 0 };
	int rc = 0;

	assert(c->introduced && !c->models);
	c->model_until = lx_now() + lx_dm_ms * 1000000ULL;
	for (unsigned int i = 0; i < all && !rc; i++) {
		if (i)
			split(&w, b->dm_more[i - 1], c->domid);
		else
			lx_dm_args(&w, &c->made, c->domid);
		rc = lx_dm_start(c->lx, c->domid, c->made.c_info.name, i, &w, &c->ready[i]);
		lx_words_free(&w);
		c->models += !rc;
	}
	c->model = 0;
	return rc;
}

static void close_ready(struct lx_create *c)
{
	for (unsigned int i = 0; i < c->models; i++) {
		if (c->ready[i] >= 0)
			close(c->ready[i]);
		c->ready[i] = -1;
	}
}

void lx_hvm_undo_models(struct lx_op *op)
{
	struct lx_create *c = lx_to_create(op);

	close_ready(c);
	if (c->models)
		lx_dm_stop(c->lx, c->domid);
	c->models = c->model = 0;
}

int lx_hvm_step_wait(struct lx_op *op)
{
	struct lx_create *c = lx_to_create(op);
	int rc;

	if (!c->made.b_info.hvm)
		return 0;
	assert(c->model <= c->models);
	if (c->model == c->models) {
		close_ready(c);
		return lx_qmp_publish(c->lx, c->domid, &c->made);
	}
	rc = lx_dm_ready(c->lx, c->domid, c->model, c->ready[c->model]);
	if (!rc) {
		c->model++;
		return LX_MORE;
	}
	if (rc != -EAGAIN)
		return rc;
	if (lx_now() > c->model_until) {
		lx_error(c->lx, 0, "device model %u of %s does not get ready: see its log in %s",
			 c->model, c->made.c_info.name, c->lx->log_dir);
		return -ETIMEDOUT;
	}
	lx_op_wake_after(op, WAIT_MS);
	return LX_WAIT;
}

/* The device model has made the emulated sides of interfaces; they go where the PV sides are. */
int lx_hvm_step_taps(struct lx_op *op)
{
	struct lx_create *c = lx_to_create(op);
	int rc = 0;

	for (uint32_t i = 0; i < c->made.nr_nics && !rc; i++) {
		const struct lx_nic *n = &c->made.nics[i];
		char tap[LX_TAP_BYTES];

		if (!lx_nic_emulated(&c->made, n))
			continue;
		lx_tap_name(tap, c->domid, n->devid);
		rc = c->lx->host->vif_up(tap, NULL, n->bridge, n->mtu);
		if (rc)
			lx_error(c->lx, rc, "interface %u: cannot bring up its emulated side %s",
				 n->devid, tap);
	}
	return rc;
}
