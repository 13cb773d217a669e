"""Fixtures of several test folders."""

import pytest
from hypothesis import settings

# a busy machine is no failure
settings.register_profile("project", deadline=None)
settings.load_profile("project")


@pytest.fixture(scope="session")
def cascade():
    """The air-shower cascade; Sibyll can be started only once in a process."""
    from fastsim.airshower.cascade import Cascade
    from fastsim.airshower.decays import Decayer
    from fastsim.airshower.hadronic import HadronicModel

    return Cascade(HadronicModel(), Decayer())
