# guest/arm/vpsci.c
# an affinity that no vCPU has means another one
s/vgic_mpidr((u32)vcpu) != mpidr || //
