"""Air-shower Monte Carlo: atmosphere, hadronic interactions, decays, cascade, ice."""
