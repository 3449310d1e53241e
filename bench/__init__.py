"""Measurements of speed, each against a goal, printed as one table by `make bench`."""
