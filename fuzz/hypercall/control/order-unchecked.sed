# domain/reservation.c
# the order of an extent has no limit
s/if (r.extent_order > (v->domain->is_privileged ? TOOLS_MAX_ORDER : GUEST_MAX_ORDER))/if (0)/
