"""Typed configuration, one module a stage."""
