"""Distances, two-sample tests, calibration and bootstrap; knows no physics and no torch models."""
