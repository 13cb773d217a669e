"""Write the gradients of both losses, averaged over the processes, for several batches.

Started by torchrun from ``test_distributed_gradients.py``: ``gan_gradients.py OUTPUT.npz``.
"""

import sys

import numpy as np
import torch

from fastsim.bundles.gan_data import StepNoise
from fastsim.bundles.models.critic import Critic
from fastsim.bundles.models.generator import Generator, Noise
from fastsim.bundles.models.layers import bundles
from fastsim.bundles.models.wgan_gp import CriticLoss, GeneratorLoss, sorted_by_energy
from fastsim.data.batches import share
from fastsim.data.flat_events import FlatEvents, JointBatch
from fastsim.data.shards import Shard
from fastsim.engine.distributed import process_group

COUNTS = np.array([3, 1, 8, 1, 1, 40, 2, 5, 1, 6], dtype=np.int32)
# events of the batch: several; so that the shares have 5 and 1 events; one for two processes
BATCHES = {"even": range(10), "uneven": [0, 1, 3, 4, 8, 5], "one empty": [5]}
PENALTIES = ("one-sided", "two-sided", "r1r2")


def main() -> None:
    """Compute in float64, so that only a mistake can make a difference."""
    rng = np.random.default_rng(1)
    shard = Shard(
        rng.normal(size=(len(COUNTS), 4)).astype(np.float32),
        COUNTS,
        rng.normal(size=(COUNTS.sum(), 2)).astype(np.float32),
    )
    results = {}
    with process_group() as process:
        events = FlatEvents.join([shard], len(COUNTS), COUNTS.sum(), (4, 2), process.device)
        torch.manual_seed(1)
        generator = Generator(4, width=8, layers=2, event_noise=2, muon_noise=1).double()
        # an untrained one hands its noise on, and most of its gradient is 0
        torch.nn.init.normal_(generator.out.weight, std=0.3)
        critic = Critic(4, width=8, layers=2).double()
        # steep enough for every penalty to act
        with torch.no_grad():
            critic.out.weight.mul_(30.0)
        losses = {
            penalty: process.replicate(CriticLoss(critic, penalty, 10.0, 8, "fp32"))
            for penalty in PENALTIES
        }
        losses["generator"] = process.replicate(GeneratorLoss(generator, 8, "fp32"))
        random = StepNoise(1, generator, process.device)
        for batch_name, rows in BATCHES.items():
            joint = JointBatch(events, np.array(rows))
            part = share(joint.counts, process.rank, process.world_size)
            conditions, counts, real = joint.gather(part)
            batch = bundles(conditions.double(), counts, len(real))
            noise, mixing = random.draw((7, 0), joint.counts, part)
            noise = Noise(noise.event.double(), noise.muon.double())
            with torch.no_grad():
                generated = sorted_by_energy(generator.energy_radius(batch, noise), batch.event)
            for name, loss in losses.items():
                if name == "generator":
                    module, inputs = generator, (critic, noise, batch)
                else:
                    module, inputs = critic, (real.double(), generated, mixing.double(), batch)
                module.zero_grad()
                (loss(*inputs)[0] * process.world_size).backward()
                gradients = [parameter.grad.flatten() for parameter in module.parameters()]
                results[f"{batch_name}, {name}"] = torch.cat(gradients).numpy()
        if process.is_main:
            np.savez(sys.argv[1], **results)


if __name__ == "__main__":
    main()
