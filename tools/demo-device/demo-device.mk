# SPDX-License-Identifier: GPL-2.0-or-later
# A small device model to learn from.
$(eval $(call tools_prog,demo-device,,-lxendevicemodel -lxenforeignmemory -lxenevtchn -lxencall \
	-lxentoolcore -lxentoollog))
$(eval $(call tools_test,demo-device,../demo-device/device ../demo-device/request,,))
