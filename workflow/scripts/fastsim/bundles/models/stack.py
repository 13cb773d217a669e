"""The layers of generator and critic, of any family."""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn.functional import leaky_relu

from fastsim.bundles.config.families import Family
from fastsim.bundles.models.families import deepsets, epic, transformer
from fastsim.bundles.models.layers import SLOPE, Bundles

FAMILIES: dict[Family, Callable[[int, int], list[nn.Module]]] = {
    "deepsets": deepsets.make_layers,
    "epic": epic.make_layers,
    "transformer": transformer.make_layers,
}
"""Name to the function of width and number of layers that makes a family's modules.

Each maps muons (M, width), bundles' vectors (B, width) and :class:`Bundles` to such muons and
vectors again. It is equivariant under permutation of a bundle's muons, keeps bundles apart, and
costs time and memory in proportion to the number of muons. Every parameter acts on the muons that
the last one returns: data-parallel training wants a gradient for each.
"""


class Stack(nn.Module):
    """Inputs of muons and bundles, lifted to ``width`` and passed through a family's layers.

    Args:
        muon_inputs: numbers known of a muon.
        bundle_inputs: numbers known of a bundle.
        width: of the hidden layers.
        layers: how many, as the family counts them.
        family: a key of :data:`FAMILIES`; KeyError when it is none.
    """

    def __init__(
        self, muon_inputs: int, bundle_inputs: int, width: int, layers: int, family: Family
    ) -> None:
        super().__init__()
        self.muon_in = nn.Linear(muon_inputs, width)
        self.bundle_in = nn.Linear(bundle_inputs, width)
        self.layers = nn.ModuleList(FAMILIES[family](width, layers))

    def forward(
        self, muons: torch.Tensor, bundle: torch.Tensor, batch: Bundles
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Map (M, muon_inputs) and (B, bundle_inputs) to (M, width) and (B, width)."""
        vector = leaky_relu(self.bundle_in(bundle), SLOPE)
        hidden = leaky_relu(self.muon_in(muons) + vector.index_select(0, batch.event), SLOPE)
        for layer in self.layers:
            hidden, vector = layer(hidden, vector, batch)
        return hidden, vector
