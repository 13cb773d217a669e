"""Multiplicity model: the distribution P(N | primary) of the number of muons at a depth."""

import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from fastsim.errors import InputError
from fastsim.run_folder import CONFIG, load_weights, read_config
from fastsim.stats.negative_binomial import NegativeBinomialMixture

STAGE = "train_multiplicity"

# far beyond any bundle: they bound what a network extrapolates to, so that arithmetic stays finite
LOG_MEAN_RANGE = (-30.0, 16.0)
LARGEST_LOG_SHAPE = 10.0
LOG_POWER_RANGE = (-6.0, 4.0)

# no likelihood tells a component of one event in a thousand what its mean and shape are; with these
# limits it cannot make bundles of a thousand muons where there are two (docs/EXPERIMENTS.md).
# Trained on many showers, means stay within a factor of 2.5 of <N> and shapes above 2.4.
LOG_RATIO_LIMIT = 1.0
LEAST_LOG_SHAPE = math.log(0.5)

# exponents, to start from, of the power laws that the networks see, in (log energy per nucleon,
# cosine of zenith, depth), standardised
POWER_LAWS = (
    # Elbert's x = A E_mu / E, to the powers 1/2 and 1/4, E_mu growing with depth
    (-1.0, 0.0, 0.15),
    (-0.5, 0.0, 0.08),
    # 1 / cos(zenith)
    (0.0, -0.5, 0.0),
    # growth of the radiative losses with depth
    (0.0, 0.0, 0.5),
)


class MultiplicityModel(nn.Module):
    """Mixture of negative binomials whose parameters are smooth functions of the conditions.

    One network gives <N>, another the shape: each component's weight, its mean relative to <N>,
    and its negative-binomial shape. A negative binomial is a Poisson distribution whose mean
    fluctuates by a gamma law, as the number of muons does from shower to shower; the mixture adds
    zeros and tails that one gamma law lacks. Everything is in float64, so that no result depends on
    how events are batched.

    The mean follows the superposition principle: a nucleus of mass number A and energy E gives A
    times the muons of a nucleon of E / A, <N> = A f(E / A, zenith, depth). It holds for mean
    numbers wherever the nucleons interact as deep in the air as free ones do, however the nucleus
    breaks up (J. Engel et al., Phys. Rev. D 46 (1992) 5013), and lets all nuclei teach one
    function. A lone proton gives a per cent more than the nucleons of nuclei do in the simulation
    (docs/PHYSICS_VALIDATION.md), hence a factor of its own. The distribution around the mean is
    free to depend on the mass.

    There may be several such members, whose probabilities are averaged: a mixture again.

    Args:
        energy_scale, mass_scale: log10 of energy and of mass that the first and the second
            condition count in (their standard deviations, by which they were divided).
        nuclei_above: the second condition of a mass between a proton's and a nucleus's.
        components: negative binomials in the mixture of a member.
        hidden: width of the two hidden layers of each network.
        members: how many.
    """

    def __init__(
        self,
        energy_scale: float,
        mass_scale: float,
        nuclei_above: float,
        components: int = 3,
        hidden: int = 24,
        members: int = 1,
    ) -> None:
        super().__init__()
        # plain values from which the model is built again
        self.architecture = {
            "energy_scale": energy_scale,
            "mass_scale": mass_scale,
            "nuclei_above": nuclei_above,
            "components": components,
            "hidden": hidden,
            "members": members,
        }
        self.members = nn.ModuleList(
            _Member(energy_scale, mass_scale, nuclei_above, components, hidden)
            for _ in range(members)
        )
        self.double()

    def forward(self, conditions: Tensor, counts: Tensor, folds: Tensor | None = None) -> Tensor:
        """Return log P(N = counts | conditions), (B,), differentiable.

        With ``folds`` (B,), integers, it is the mean over the members that learn from an event: all
        but the one with the number of its fold.
        """
        log_probs = torch.stack([member(conditions, counts) for member in self.members], dim=1)
        if folds is None:
            return torch.logsumexp(log_probs, dim=1) - math.log(len(self.members))
        learns = folds[:, None] != torch.arange(len(self.members), device=folds.device)
        return (log_probs * learns).sum(dim=1) / (len(self.members) - 1)

    def start_from(self, mean: float) -> None:
        """Make the untrained model predict ``mean`` muons for the mean condition."""
        for member in self.members:
            member.start_from(mean)

    @torch.no_grad()
    def member_distributions(self, conditions: np.ndarray) -> list[NegativeBinomialMixture]:
        """Return P(N | conditions) of each member, conditions (B, 4), for evaluation with NumPy."""
        at = torch.as_tensor(np.array(conditions))
        return [
            NegativeBinomialMixture(*(p.exp().numpy() for p in member.parameters_at(at)))
            for member in self.members
        ]

    def distribution(self, conditions: np.ndarray) -> NegativeBinomialMixture:
        """Return P(N | conditions), conditions (B, 4), for evaluation with NumPy."""
        return NegativeBinomialMixture.average(self.member_distributions(conditions))

    def quantile(self, conditions: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
        """Return the counts, int64 (B,), that ``uniforms`` (B,) in [0, 1) draw by inversion."""
        return self.distribution(conditions).quantile(uniforms)


class _Member(nn.Module):
    """One mixture, see :class:`MultiplicityModel`."""

    def __init__(
        self,
        energy_scale: float,
        mass_scale: float,
        nuclei_above: float,
        components: int,
        hidden: int,
    ) -> None:
        super().__init__()
        self.components = components
        self._log_nucleons = mass_scale * math.log(10.0)
        self._mass_over_energy = mass_scale / energy_scale
        self._nuclei_above = nuclei_above
        # log of the muons of a lone proton over those of a nucleon of a nucleus
        self.proton = nn.Linear(len(POWER_LAWS[0]), 1)
        self.log_mean = _SmoothNetwork(len(POWER_LAWS[0]), hidden, 1)
        self.shape = _SmoothNetwork(len(POWER_LAWS[0]) + 1, hidden, 3 * components)
        for parameter in self.proton.parameters():
            nn.init.zeros_(parameter)
        with torch.no_grad():
            # components start apart, or they would stay alike
            ratios = torch.linspace(-0.5, 0.5, components)
            self.shape.linear.bias[components : 2 * components] = ratios

    def parameters_at(self, conditions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Log weights, log means and log shapes, (B, K) each, at ``conditions`` (B, 4)."""
        conditions = conditions.double()
        energy, mass, zenith, depth = conditions.split(1, dim=1)
        per_nucleon = torch.cat([energy - self._mass_over_energy * mass, zenith, depth], dim=1)
        # up to a constant, which the network adds
        log_nucleons = self._log_nucleons * mass
        log_mean = log_nucleons + self.log_mean(per_nucleon)
        log_mean = log_mean + (mass < self._nuclei_above) * self.proton(per_nucleon)
        log_mean = log_mean.clamp(*LOG_MEAN_RANGE)
        shape = self.shape(torch.cat([per_nucleon, mass], dim=1))
        weights, ratios, shapes = shape.split(self.components, dim=1)
        log_weights = torch.log_softmax(weights, dim=1)
        ratios = LOG_RATIO_LIMIT * torch.tanh(ratios / LOG_RATIO_LIMIT)
        shapes = LEAST_LOG_SHAPE + nn.functional.softplus(shapes - LEAST_LOG_SHAPE)
        # normalised so that the weighted mean of the components is exp(log_mean)
        ratios = ratios - torch.logsumexp(log_weights + ratios, dim=1, keepdim=True)
        return log_weights, log_mean + ratios, shapes.clamp(max=LARGEST_LOG_SHAPE)

    def forward(self, conditions: Tensor, counts: Tensor) -> Tensor:
        """Return log P(N = counts | conditions), (B,), differentiable."""
        log_weights, log_means, log_shapes = self.parameters_at(conditions)
        n = counts.double()[:, None]
        r = log_shapes.exp()
        log_odds = log_means - log_shapes
        log_choose = torch.lgamma(n + r) - torch.lgamma(r) - torch.lgamma(n + 1.0)
        log_powers = n * log_odds - (r + n) * nn.functional.softplus(log_odds)
        return torch.logsumexp(log_weights + log_choose + log_powers, dim=1)

    @torch.no_grad()
    def start_from(self, mean: float) -> None:
        """Make the untrained model predict ``mean`` muons for the mean condition."""
        self.log_mean.linear.bias.fill_(math.log(max(mean, 1e-3)))


class _SmoothNetwork(nn.Module):
    """A linear function of the inputs and of power laws, plus a small network that sees the same.

    The inputs are logarithms, or nearly; muon numbers go with powers of their arguments, cut off
    where a nucleon has too little energy. The exponents are learned too. The small network starts
    at zero, so that it only adds bends.

    Args:
        inputs: the columns of :data:`POWER_LAWS`, and others after them.
        hidden: width of the small network.
        outputs: values of the function.
    """

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        exponents = torch.tensor(POWER_LAWS)
        self.exponents = nn.Parameter(exponents)
        features = inputs + len(exponents)
        self.linear = nn.Linear(features, outputs)
        self.bends = nn.Sequential(
            nn.Linear(features, hidden),
            nn.SiLU(),
            nn.Linear(hidden, hidden),
            nn.SiLU(),
            nn.Linear(hidden, outputs),
        )
        for parameter in (*self.linear.parameters(), *self.bends[-1].parameters()):
            nn.init.zeros_(parameter)

    def forward(self, inputs: Tensor) -> Tensor:
        logs = inputs[:, : self.exponents.shape[1]] @ self.exponents.T
        features = torch.cat([inputs, logs.clamp(*LOG_POWER_RANGE).exp()], dim=1)
        return self.linear(features) + self.bends(features)


def load_multiplicity(folder: str | Path) -> MultiplicityModel:
    """Load the model of a ``train_multiplicity`` run folder, ready for evaluation.

    Raises:
        InputError: the folder is incomplete, corrupt, or of another stage.
    """
    architecture = read_config(folder, STAGE)["model"]
    try:
        model = MultiplicityModel(**architecture)
    except (TypeError, RuntimeError) as error:
        raise InputError(f"{Path(folder) / CONFIG}: model: no multiplicity ({error})") from None
    load_weights(folder, model)
    return model.eval()
