"""Library behind the workflow's command-line programs.

Rooms: ``data`` (shards, ragged arrays, fitted normalisation), ``engine`` (training machinery),
``stats`` (distances and tests), ``airshower`` (the Monte Carlo) and ``bundles`` (everything that is
about muon bundles). Imports go one way: scripts -> bundles -> (engine, data, stats).
"""
