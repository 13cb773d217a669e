"""Write the gradients of the flow's loss, averaged over the processes, for several batches.

Started by torchrun from ``test_distributed_gradients.py``: ``flow_gradients.py OUTPUT.npz``.
"""

import sys

import numpy as np
import torch

from fastsim.bundles.models.flow import BundleFlow, FlowLoss
from fastsim.bundles.models.layers import bundles
from fastsim.data.batches import share
from fastsim.data.flat_events import FlatEvents, JointBatch
from fastsim.data.shards import Shard
from fastsim.engine.distributed import process_group

COUNTS = np.array([3, 1, 8, 1, 1, 40, 2, 5, 1, 6], dtype=np.int32)
# events of the batch: several; so that the shares have 5 and 1 events; one for two processes
BATCHES = {"even": range(10), "uneven": [0, 1, 3, 4, 8, 5], "one empty": [5]}


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
        flow = BundleFlow(4, width=8, transforms=2, bins=4).double()
        # an untrained one changes nothing, and most of its gradient is 0
        for transform in flow.muon.transform.transforms:
            torch.nn.init.normal_(transform.hyper[-1].weight, std=0.3)
        loss = process.replicate(FlowLoss(flow))
        for name, rows in BATCHES.items():
            joint = JointBatch(events, np.array(rows))
            part = share(joint.counts, process.rank, process.world_size)
            conditions, counts, points = joint.gather(part)
            known = bundles(conditions.double(), counts, len(points))
            flow.zero_grad()
            total = loss(points.double(), known) / joint.counts.sum()
            (total * process.world_size).backward()
            gradients = [parameter.grad.flatten() for parameter in flow.parameters()]
            results[name] = torch.cat(gradients).numpy()
        if process.is_main:
            np.savez(sys.argv[1], **results)


if __name__ == "__main__":
    main()
