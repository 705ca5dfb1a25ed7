#!/usr/bin/env python3
"""
The coefficients of part_normal in vector_math.h: prints P with Q(a) = t P(t), t = 1 / (1 + 0.24 a), where
Q(a) = exp(a^2/2) Phi(-a) for a from 0 to 15, interpolated at Chebyshev's nodes, and its largest relative error. Needs mpmath.
"""
import mpmath as mp

mp.mp.dps = 40
DEGREE, SLOPE, FAR = 9, mp.mpf("0.24"), 15


def wanted(t):
    a = (1 / t - 1) / SLOPE
    return mp.exp(a * a / 2) * mp.erfc(a / mp.sqrt(2)) / 2 / t


low, high = 1 / (1 + SLOPE * FAR), mp.mpf(1)
nodes = [(low + high) / 2 + (high - low) / 2 * mp.cos(mp.pi * (2 * i + 1) / (2 * DEGREE + 2)) for i in range(DEGREE + 1)]
matrix = mp.matrix(DEGREE + 1, DEGREE + 1)
for i, t in enumerate(nodes):
    for j in range(DEGREE + 1):
        matrix[i, j] = t**j
P = list(mp.lu_solve(matrix, mp.matrix([wanted(t) for t in nodes])))
print("P:", ", ".join(mp.nstr(p, 12) for p in P))
points = [low + (high - low) * i / 2000 for i in range(2001)]
print("largest relative error:", mp.nstr(max(abs(mp.polyval(P[::-1], t) / wanted(t) - 1) for t in points), 3))
