/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parameters of policies, already decoded by the domain layer. */
#include <xen/errno.h>
#include <xen/printk.h>
#include <xen/hal/time.h>

#include "internal.h"

/* Log the name of a policy that was asked for parameters it does not have. */
static int named(const struct scheduler *s, const char *what, int rc)
{
	if (rc == -XEN_EOPNOTSUPP)
		printk(LOG_G_DEBUG "the scheduler %s has no parameters of %s\n", s->ops->name,
		       what);
	return rc;
}

int sched_get_domain_params(struct domain *d, struct sched_domain_params *p)
{
	struct scheduler *s = d->sched;

	return named(s, "domains", s->ops->get_domain_params(s, d->sched_priv, p));
}

int sched_set_domain_params(struct domain *d, const struct sched_domain_params *p)
{
	struct scheduler *s = d->sched;

	return named(s, "domains", s->ops->set_domain_params(s, d->sched_priv, p, hal_now_ns()));
}

int sched_get_vcpu_params(struct vcpu *v, struct sched_unit_params *p)
{
	struct scheduler *s = v->part_of->sched;

	return named(s, "single vCPUs", s->ops->get_unit_params(s, v->part_of, p));
}

int sched_set_vcpu_params(struct vcpu *v, const struct sched_unit_params *p)
{
	struct scheduler *s = v->part_of->sched;

	return named(s, "single vCPUs", s->ops->set_unit_params(s, v->part_of, p, hal_now_ns()));
}

int sched_get_global_params(struct scheduler *s, struct sched_global_params *p)
{
	return named(s, "its own", s->ops->get_global_params(s, p));
}

int sched_set_global_params(struct scheduler *s, const struct sched_global_params *p)
{
	return named(s, "its own", s->ops->set_global_params(s, p));
}
