"""Fixtures of several test folders."""

import pytest


@pytest.fixture(scope="session")
def cascade():
    """The air-shower cascade; Sibyll can be started only once in a process."""
    from fastsim.airshower.cascade import Cascade
    from fastsim.airshower.decays import Decayer
    from fastsim.airshower.hadronic import HadronicModel

    return Cascade(HadronicModel(), Decayer())
