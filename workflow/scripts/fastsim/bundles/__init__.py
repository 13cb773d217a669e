"""Muon bundles: the event table, models, observables, baselines and figures."""
