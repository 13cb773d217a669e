"""Figures of the report: one module a theme, one style."""
