"""Settings of the training of the generator of muons."""

from pydantic import Field

from fastsim.settings import Section


class TrainGanConfig(Section):
    """Networks and training of the conditional Wasserstein GAN with gradient penalty."""

    seed: int = Field(1, ge=0, lt=2**63, description="same seed and processes, same model")
    steps: int = Field(2400, ge=1, description="updates of the generator")
    batch_events: int = Field(
        256, ge=1, description="events a step, over all processes; none are without muons"
    )
    max_muons_per_batch: int = Field(
        20_000,
        ge=1,
        description="a batch ends before it exceeds this; one larger event is a batch of its own",
    )
    critic_steps: int = Field(2, ge=1, le=20, description="updates of the critic per step")
    gradient_penalty: float = Field(
        10.0, gt=0.0, description="weight of max(0, gradient norm - 1)^2 in the critic's loss"
    )
    generator_learning_rate: float = Field(
        1e-4, gt=0.0, le=1.0, description="of Adam at its peak; falls exponentially"
    )
    critic_learning_rate: float = Field(
        8e-4, gt=0.0, le=1.0, description="of Adam at the start; falls linearly to 0"
    )
    ema_decay: float = Field(
        0.999, ge=0.0, lt=1.0, description="of the averaged generator, which is the one kept"
    )
    width: int = Field(64, ge=4, le=4096, description="width of all hidden layers")
    generator_layers: int = Field(3, ge=1, le=32, description="equivariant layers")
    critic_layers: int = Field(2, ge=1, le=32, description="equivariant layers before the pooling")
    event_noise: int = Field(4, ge=1, le=256, description="random numbers shared by a bundle")
    muon_noise: int = Field(
        1, ge=0, le=256, description="random numbers of a muon besides energy and position"
    )
    evaluations: int = Field(
        6, ge=1, description="times the generator is scored on validation bundles; mostly late"
    )
    checkpoint_every: int = Field(500, ge=1, description="steps from one checkpoint to the next")
