"""Shards, ragged arrays, batches and fitted normalisation; knows no physics and no models."""
