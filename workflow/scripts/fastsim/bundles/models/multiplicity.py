"""Multiplicity model: the distribution P(N | primary) of the number of muons at a depth."""

import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from fastsim.engine.run_folder import CONFIG, load_weights, read_config
from fastsim.errors import InputError
from fastsim.stats.negative_binomial import NegativeBinomialMixture

STAGE = "train_multiplicity"

# far beyond any bundle: they bound what a network extrapolates to, so that arithmetic stays finite
LOG_MEAN_RANGE = (-30.0, 16.0)
LOG_RATIO_RANGE = (-20.0, 10.0)
LOG_SHAPE_RANGE = (-7.0, 10.0)
LOG_POWER_RANGE = (-6.0, 4.0)

# relative variance 1 / 2 of the mean's quasi-likelihood: that of proton showers
MEAN_SHAPE = 2.0

# exponents, to start from, of the power laws that the networks see, in the standardised conditions
# (log energy, log mass, cosine of zenith, depth)
POWER_LAWS = (
    # Elbert's x = A E_mu / E, to the powers 1/2 and 1/4, E_mu growing with depth
    (-1.0, 0.75, 0.0, 0.15),
    (-0.5, 0.38, 0.0, 0.08),
    # 1 / cos(zenith)
    (0.0, 0.0, -0.5, 0.0),
    # growth of the radiative losses with depth
    (0.0, 0.0, 0.0, 0.5),
)


class MultiplicityModel(nn.Module):
    """Mixture of negative binomials whose parameters are smooth functions of the conditions.

    One network gives log <N>, another the shape: each component's weight, its mean relative to
    <N>, and its negative-binomial shape. The mean of the whole is thus exactly the first network's.
    A negative binomial is a Poisson distribution whose mean fluctuates by a gamma law, as the
    number of muons does from shower to shower; the mixture adds zeros and tails that one gamma
    law lacks. Everything is in float64, so that no result depends on how events are batched.

    Args:
        components: negative binomials in the mixture.
        hidden: width of the two hidden layers of each network.
    """

    def __init__(self, components: int = 3, hidden: int = 48) -> None:
        super().__init__()
        # plain values from which the model is built again
        self.architecture = {"components": components, "hidden": hidden}
        self.components = components
        self.log_mean = _SmoothNetwork(hidden, 1)
        self.shape = _SmoothNetwork(hidden, 3 * components)
        self.double()
        with torch.no_grad():
            # components start apart, or they would stay alike
            ratios = torch.linspace(-0.5, 0.5, components)
            self.shape.linear.bias[components : 2 * components] = ratios

    def parameters_at(self, conditions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Log weights, log means and log shapes, (B, K) each, at ``conditions`` (B, 4)."""
        conditions = conditions.double()
        log_mean = self.log_mean(conditions).clamp(*LOG_MEAN_RANGE)
        weights, ratios, shapes = self.shape(conditions).split(self.components, dim=1)
        log_weights = torch.log_softmax(weights, dim=1)
        ratios = ratios.clamp(*LOG_RATIO_RANGE)
        # normalised so that the weighted mean of the components is exp(log_mean)
        ratios = ratios - torch.logsumexp(log_weights + ratios, dim=1, keepdim=True)
        return log_weights, log_mean + ratios, shapes.clamp(*LOG_SHAPE_RANGE)

    def forward(self, conditions: Tensor, counts: Tensor) -> Tensor:
        """Return log P(N = counts | conditions), (B,), differentiable."""
        log_weights, log_means, log_shapes = self.parameters_at(conditions)
        n = counts.double()[:, None]
        r = log_shapes.exp()
        log_odds = log_means - log_shapes
        log_choose = torch.lgamma(n + r) - torch.lgamma(r) - torch.lgamma(n + 1.0)
        log_powers = n * log_odds - (r + n) * nn.functional.softplus(log_odds)
        return torch.logsumexp(log_weights + log_choose + log_powers, dim=1)

    def mean_log_likelihood(self, conditions: Tensor, counts: Tensor) -> Tensor:
        """Return how well <N> alone explains ``counts``, (B,), differentiable.

        It is the log-likelihood, up to a constant, of a negative binomial of mean <N> and shape
        :data:`MEAN_SHAPE`. Whatever the true distribution, the true mean maximises its expectation
        (a quasi-likelihood: Wedderburn, Biometrika 61 (1974) 439).
        """
        n = counts.double()
        log_odds = self.log_mean(conditions.double())[:, 0] - math.log(MEAN_SHAPE)
        return n * log_odds - (n + MEAN_SHAPE) * nn.functional.softplus(log_odds)

    def loss(self, conditions: Tensor, counts: Tensor) -> Tensor:
        """Return what training minimises, (B,): both log-likelihoods, negative."""
        return -self(conditions, counts) - self.mean_log_likelihood(conditions, counts)

    @torch.no_grad()
    def start_from(self, mean: float) -> None:
        """Make the untrained model predict ``mean`` muons everywhere."""
        self.log_mean.linear.bias.fill_(math.log(max(mean, 1e-3)))

    @torch.no_grad()
    def distribution(self, conditions: np.ndarray) -> NegativeBinomialMixture:
        """Return P(N | conditions), conditions (B, 4), for evaluation with NumPy."""
        parameters = self.parameters_at(torch.as_tensor(np.array(conditions)))
        return NegativeBinomialMixture(*(p.exp().numpy() for p in parameters))

    def log_prob(self, conditions: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Return log P(N = counts | conditions), float64 (B,)."""
        return self.distribution(conditions).log_pmf(counts)

    def mean(self, conditions: np.ndarray) -> np.ndarray:
        """Return <N>, float64 (B,)."""
        return self.distribution(conditions).mean

    def cdf(self, conditions: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Return P(N <= counts | conditions), of the shape of ``counts``, (B,) or (B, g)."""
        return self.distribution(conditions).cdf(counts)

    def quantile(self, conditions: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
        """Return the counts, int64 (B,), that ``uniforms`` (B,) in [0, 1) draw by inversion."""
        return self.distribution(conditions).quantile(uniforms)


class _SmoothNetwork(nn.Module):
    """A linear function of the conditions, plus a small network that sees them and power laws.

    The conditions are logarithms, or nearly; muon numbers go with powers of their arguments,
    cut off where a nucleon has too little energy. The exponents are learned too. The small network
    starts at zero, so that it only adds bends.
    """

    def __init__(self, hidden: int, outputs: int) -> None:
        super().__init__()
        exponents = torch.tensor(POWER_LAWS)
        conditions = exponents.shape[1]
        self.linear = nn.Linear(conditions, outputs)
        self.exponents = nn.Parameter(exponents)
        self.bends = nn.Sequential(
            nn.Linear(conditions + len(exponents), hidden),
            nn.SiLU(),
            nn.Linear(hidden, hidden),
            nn.SiLU(),
            nn.Linear(hidden, outputs),
        )
        for parameter in (*self.linear.parameters(), *self.bends[-1].parameters()):
            nn.init.zeros_(parameter)

    def forward(self, conditions: Tensor) -> Tensor:
        powers = (conditions @ self.exponents.T).clamp(*LOG_POWER_RANGE).exp()
        return self.linear(conditions) + self.bends(torch.cat([conditions, powers], dim=1))


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
