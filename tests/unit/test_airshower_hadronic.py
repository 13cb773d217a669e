import math

import numpy as np
import pytest

from fastsim.airshower.hadronic import HadronicModel
from fastsim.airshower.particles import (
    K_LONG,
    K_PLUS,
    LAMBDA,
    MASS,
    MUON,
    NEUTRON,
    NUCLEON_MASS,
    OMEGA_MINUS,
    PI_PLUS,
    PROTON,
)

RELEASES = ["sibyll23d", "sibyll21"]
ENERGIES = [70.0, 1e3, 1e5, 1e8]


@pytest.fixture(scope="module")
def models(cascade):
    """One model of each release: Sibyll can be started only once in a process."""
    return dict(zip(RELEASES, (cascade.hadronic, HadronicModel("sibyll21")), strict=True))


def reseeded(model):
    model.reseed(np.random.PCG64(1))
    return model


@pytest.fixture(params=RELEASES)
def hadronic(request, models):
    return reseeded(models[request.param])


@pytest.fixture
def newest(models):
    return reseeded(models["sibyll23d"])


@pytest.fixture
def oldest(models):
    return reseeded(models["sibyll21"])


def rounding(hadronic):
    """Relative rounding of an event's energies: Sibyll 2.1 computes in single precision."""
    return 1e-6 if hadronic._library.s_plist.p.dtype == np.float64 else 3e-4


def produced(hadronic, energy, mass):
    """Sum of laboratory energies of all that Sibyll's event holds, undecayed."""
    particles = hadronic._library.s_plist
    n = int(particles.np)
    momenta = particles.p[:n][np.abs(particles.llist[:n]) < 10_000]
    ecm = math.sqrt(mass**2 + NUCLEON_MASS**2 + 2 * energy * NUCLEON_MASS)
    gamma = (energy + NUCLEON_MASS) / ecm
    beta_gamma = math.sqrt(energy**2 - mass**2) / ecm
    return float((gamma * momenta[:, 3] + beta_gamma * momenta[:, 2]).sum())


def check_energy_sums(hadronic, pdg, energy):
    tolerance = rounding(hadronic) * energy
    for i in range(20):
        secondaries = hadronic.interact(pdg, energy, 0.0, i / 20)
        total = produced(hadronic, energy, MASS[abs(pdg)])
        # in a nucleus Sibyll gives each further struck nucleon half its mass
        assert -tolerance < total - energy - NUCLEON_MASS < 3.5 + tolerance
        assert sum(e for _, e, _, _ in secondaries) < total + tolerance


@pytest.mark.parametrize("energy", ENERGIES)
@pytest.mark.parametrize("pdg", [PROTON, -NEUTRON, PI_PLUS, -K_PLUS, K_LONG])
def test_energy_sum_of_hadron_interactions(hadronic, pdg, energy):
    check_energy_sums(hadronic, pdg, energy)


@pytest.mark.parametrize("energy", ENERGIES)
def test_energy_sum_of_hyperon_interactions(newest, energy):
    check_energy_sums(newest, LAMBDA, energy)


@pytest.mark.parametrize("nucleon_energy", [70.0, 1e3, 1e6])
@pytest.mark.parametrize("mass_number", [2, 4, 14, 27, 56])
def test_energy_sum_of_nuclei(hadronic, mass_number, nucleon_energy):
    """Produced particles, fragments and spectators hold the energy of the projectile."""
    for i in range(10):
        _, remnants = hadronic.interact_nucleus(mass_number, nucleon_energy, 0.0, i / 10)
        blocks = hadronic._library.s_plnuc
        n = int(blocks.npa)
        codes, momenta = blocks.lla[:n], blocks.pa[:, :n]
        ecm = math.sqrt(2 * NUCLEON_MASS * (NUCLEON_MASS + nucleon_energy))
        gamma = (nucleon_energy + NUCLEON_MASS) / ecm
        beta_gamma = math.sqrt(nucleon_energy**2 - NUCLEON_MASS**2) / ecm
        energies = gamma * momenta[3] + beta_gamma * momenta[2]
        total = energies[codes < 1000].sum() + nucleon_energy * sum(remnants)
        # none is wounded in a quasi-elastic event; each that is may strike several nucleons
        wounded = mass_number - sum(remnants)
        assert wounded >= 0
        brought = total - mass_number * nucleon_energy
        tolerance = rounding(hadronic) * total
        assert wounded * NUCLEON_MASS - tolerance < brought < 3.5 * wounded + tolerance


def test_secondaries_are_those_of_the_event_above_the_threshold(hadronic):
    rng = np.random.default_rng(1)
    for _ in range(20):
        generator = np.random.PCG64(int(rng.integers(1 << 30)))
        state = generator.state
        hadronic.reseed(generator)
        everything = hadronic.interact(PROTON, 1e5, 0.0, 0.3)
        generator.state = state
        fast = hadronic.interact(PROTON, 1e5, 500.0, 0.3)
        assert fast == [s for s in everything if s[1] > 500.0]


def test_slopes_are_transverse_momentum_over_energy(hadronic):
    transverse = [
        e * math.hypot(dx, dy)
        for _ in range(300)
        for pdg, e, dx, dy in hadronic.interact(PROTON, 1e5, 500.0, 0.3)
        if abs(pdg) == PI_PLUS
    ]
    # mean transverse momentum of fast pions at sqrt(s) = 430 GeV, GeV
    assert 0.35 < np.mean(transverse) < 0.55


def test_interaction_lengths(hadronic):
    # air at 1 TeV lab: nucleon some 85, pion some 110, kaon some 120 g/cm2; falling with energy
    assert hadronic.interaction_length(PROTON, 1e3) == pytest.approx(85, abs=5)
    assert hadronic.interaction_length(PI_PLUS, 1e3) == pytest.approx(110, abs=6)
    assert hadronic.interaction_length(K_PLUS, 1e3) == pytest.approx(121, abs=8)
    for pdg in (PROTON, -PROTON, PI_PLUS, K_LONG, LAMBDA):
        lengths = [hadronic.interaction_length(pdg, e) for e in np.geomspace(60, 1e9, 50)]
        assert (np.diff(lengths) < 0.2).all()
    assert hadronic.interaction_length(NEUTRON, 1e4) == hadronic.interaction_length(PROTON, 1e4)


@pytest.mark.parametrize("energy", [1e3, 1e6, 1e9])
@pytest.mark.parametrize(("pdg", "kind"), [(PROTON, 1), (PI_PLUS, 2), (K_PLUS, 3)])
def test_interaction_lengths_are_those_of_the_cross_section_in_air_that_sibyll_tabulates(
    hadronic, pdg, kind, energy
):
    ecm = math.sqrt(MASS[pdg] ** 2 + NUCLEON_MASS**2 + 2 * energy * NUCLEON_MASS)
    cross_section = np.atleast_1d(hadronic._library.sib_sigma_hair(kind, ecm))[0]
    # mean mass of air in g over the cross section in cm2; a little argon is in Sibyll's air
    expected = 14.5 * 1660.54 / cross_section
    assert hadronic.interaction_length(pdg, energy) == pytest.approx(expected, rel=0.04)


def test_nuclei_interact_sooner_the_larger(hadronic):
    lengths = [hadronic.nucleus_interaction_length(a, 1e4) for a in range(2, 57)]
    growth = np.diff(lengths) / lengths[:-1]
    # Sibyll's nucleus of A = 29 is larger than that of A = 30, also by its own integral
    assert 0.03 < growth[29 - 2] < 0.1
    # of the others each is known to 2 per cent
    assert (np.delete(growth, 29 - 2) < 0.06).all()
    assert lengths[-1] == pytest.approx(12.5, rel=0.1)
    assert lengths[0] < hadronic.interaction_length(PROTON, 1e4)


def test_the_smoothed_table_follows_the_glauber_integral(hadronic):
    library = hadronic._library
    for mass_number in (4, 6, 14, 56):
        ecm = math.sqrt(2 * NUCLEON_MASS * 1e5)
        library.sigma_nuc_nuc(mass_number, 14, ecm, 4000)
        nitrogen = float(library.nucnucsig.sigprod + library.nucnucsig.sigqe)
        # oxygen's share makes air a little larger than nitrogen
        from_table = 14.43 * 1660.54 / hadronic.nucleus_interaction_length(mass_number, 1e5)
        assert from_table == pytest.approx(1.015 * nitrogen, rel=0.06)


def test_nuclei_are_broken_up_without_production_as_often_as_the_cross_sections_say(hadronic):
    library = hadronic._library
    ecm = math.sqrt(2 * NUCLEON_MASS * (NUCLEON_MASS + 1e3))
    library.sigma_nuc_nuc(4, 14, ecm, 8000)
    found = library.nucnucsig
    expected = float(found.sigqe / (found.sigqe + found.sigprod))
    events, quasi_elastic = 4000, 0
    for _ in range(events):
        secondaries, remnants = hadronic.interact_nucleus(4, 1e3, 60.0, 0.0)
        if sum(remnants) == 4:
            assert not secondaries
            quasi_elastic += 1
    assert quasi_elastic / events == pytest.approx(expected, abs=0.02)


def test_charm_is_made_and_decays_promptly(newest, oldest):
    def prompt(hadronic):
        return sum(
            abs(pdg) == MUON
            for _ in range(1500)
            for pdg, e, _, _ in hadronic.interact(PROTON, 1e7, 1e3, 0.5)
        )

    assert prompt(newest) > 3
    # no charm in Sibyll 2.1, and muons of light mesons are rare
    assert prompt(oldest) <= 1


def test_omega_baryons_do_not_interact_nor_any_hyperon_in_the_oldest_release(newest, oldest):
    for hadronic in (newest, oldest):
        assert not {OMEGA_MINUS, -OMEGA_MINUS, MUON} & hadronic.projectiles
        assert {PROTON, -NEUTRON, -PI_PLUS, K_LONG} <= hadronic.projectiles
    assert {LAMBDA, -LAMBDA} <= newest.projectiles
    assert not {LAMBDA, -LAMBDA} & oldest.projectiles


def test_what_an_event_gives_depends_on_the_generator_alone(hadronic):
    """Nothing of earlier events stays in Sibyll: no cached normals, no saved variables."""
    projectiles = [PROTON, PI_PLUS, K_LONG, 14, 56]
    # a hyperon where one can interact
    projectiles += {LAMBDA} & hadronic.projectiles
    cases = [(p, e) for p in projectiles for e in (200.0, 1e4, 1e7)]
    rng = np.random.default_rng(1)
    first = {}
    for case in [cases[i] for _ in range(6) for i in rng.permutation(len(cases))]:
        projectile, energy = case
        hadronic.reseed(np.random.PCG64(int(energy)))
        call = hadronic.interact_nucleus if projectile in (14, 56) else hadronic.interact
        result = call(projectile, energy, 0.0, 0.2)
        assert first.setdefault(case, result) == result
