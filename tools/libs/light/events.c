/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Deaths of domains. xenstored fires @releaseDomain when any domain shuts down or is gone; the
 * hypervisor then says what became of ours.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "light.h"

#include <public/sched.h>

#define RELEASE "@releaseDomain"
#define AWAY_POLL_MS 1000

const char *const lx_death_names[] = { "poweroff", "reboot", "suspend", "crash", "watchdog",
	"soft-reset", "gone", NULL };

bool lx_domain_ended(struct lx *lx, uint32_t domid, enum lx_death *how)
{
	static const enum lx_death by_code[] = {
		[SHUTDOWN_poweroff] = LX_DEATH_POWEROFF,
		[SHUTDOWN_reboot] = LX_DEATH_REBOOT,
		[SHUTDOWN_suspend] = LX_DEATH_SUSPEND,
		[SHUTDOWN_crash] = LX_DEATH_CRASH,
		[SHUTDOWN_watchdog] = LX_DEATH_WATCHDOG,
		[SHUTDOWN_soft_reset] = LX_DEATH_SOFT_RESET,
	};
	struct xen_domctl_getdomaininfo info;
	uint32_t code;
	int rc = ctl_domain_info(lx->ctl, domid, &info);

	if (rc == -ESRCH || (!rc && (info.flags & XEN_DOMINF_dying))) {
		*how = LX_DEATH_GONE;
		return true;
	}
	if (rc || !(info.flags & XEN_DOMINF_shutdown))
		return false;
	code = info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
	*how = code < sizeof(by_code) / sizeof(by_code[0]) ? by_code[code] : LX_DEATH_CRASH;
	return true;
}

static void look(struct lx_death_watch *w)
{
	enum lx_death how;

	if (!lx_domain_ended(w->lx, w->domid, &how))
		return;
	lx_death_watch_stop(w);
	w->fn(w, how);
}

static void store_event(struct lx_fd *fd, short revents)
{
	struct lx_death_watch *w = fd->user;
	char **event;

	while ((event = w->lx->store->ops->fired(w->lx->store)))
		free(event);
	if (errno == ENOTCONN) {
		/* Until xenstored is there again only asking helps. */
		lx_fd_remove(&w->lx->loop, fd);
		lx_timer_set(&w->lx->loop, &w->timer, AWAY_POLL_MS);
	} else {
		lx_fd_add(&w->lx->loop, fd, w->lx->store->ops->fd(w->lx->store), POLLIN);
	}
	look(w);
}

/* It may have ended before; and see above. */
static void timed_look(struct lx_timer *timer)
{
	struct lx_death_watch *w = timer->user;

	store_event(&w->fd, 0);
}

int lx_death_watch_start(struct lx_death_watch *w, struct lx *lx, uint32_t domid)
{
	int rc;

	w->lx = lx;
	w->domid = domid;
	snprintf(w->token, sizeof(w->token), "death-%u", domid);
	rc = lx->store->ops->watch(lx->store, RELEASE, w->token);
	if (rc) {
		lx_error(lx, rc, "cannot watch for the end of domain %u", domid);
		return rc;
	}
	w->fd.fn = store_event;
	w->fd.user = w;
	w->timer.fn = timed_look;
	w->timer.user = w;
	lx_fd_add(&lx->loop, &w->fd, lx->store->ops->fd(lx->store), POLLIN);
	lx_timer_set(&lx->loop, &w->timer, 0);
	return 0;
}

void lx_death_watch_stop(struct lx_death_watch *w)
{
	lx_fd_remove(&w->lx->loop, &w->fd);
	lx_timer_cancel(&w->lx->loop, &w->timer);
	w->lx->store->ops->unwatch(w->lx->store, RELEASE, w->token);
}

enum lx_action lx_action_for(const struct lx_domain_config *config, enum lx_death how)
{
	switch (how) {
	case LX_DEATH_POWEROFF:
		return config->on_poweroff;
	case LX_DEATH_REBOOT:
		return config->on_reboot;
	case LX_DEATH_CRASH:
		return config->on_crash;
	case LX_DEATH_WATCHDOG:
		return config->on_watchdog;
	case LX_DEATH_SOFT_RESET:
		return config->on_soft_reset;
	default:
		return LX_PRESERVE;
	}
}
