"""Families of networks on bundles: each a module with its layers and how many there are."""
