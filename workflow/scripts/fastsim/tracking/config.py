"""Settings of how trainings are seen."""

from pydantic import Field

from fastsim.settings import Section


class TrackingConfig(Section):
    """How trainings are seen; a change of these keys trains nothing again."""

    run_name: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        description="name of the runs in TensorBoard; null: the time at which they start",
    )
    wandb_project: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$",
        description="project on Weights & Biases that shows them too; null: none",
    )
