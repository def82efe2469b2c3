#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What udhcpc runs at each change of a lease: its variables name the interface and the address.
# shellcheck disable=SC2154
case $1 in
deconfig)
	ip addr flush dev "$interface" ;;
bound | renew)
	ip addr replace "$ip/$mask" dev "$interface"
	[ -z "$router" ] || ip route replace default via "${router%% *}" dev "$interface" ;;
esac
