# guest/arm/syndrome.c
# exceptions of 32-bit code go to the vector of 64-bit code
s/return VECTOR_LOWER_32/return VECTOR_LOWER_64/
