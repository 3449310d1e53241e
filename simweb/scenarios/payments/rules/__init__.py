"""The rules of a tick, once: interpreted as they stand, or compiled by Numba (see `compiled.py`), which takes the same source.

They are written for both: loops over records, numbers only, no containers that grow. Interpreted, a table is a list of
objects; compiled, a NumPy array of records with the same names. Money is int64 when compiled; `market.py` bounds what comes in,
and `wide.py` multiplies beyond 64 bits.

Modules import each other relatively, so that a second copy of the package, under another name, is a whole of its own.
"""
