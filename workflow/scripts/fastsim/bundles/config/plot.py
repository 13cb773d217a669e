"""Settings of the figures."""

from pydantic import Field

from fastsim.settings import Section


class PlotConfig(Section):
    """How figures are drawn; each is written as PNG and as PDF."""

    dpi: int = Field(150, ge=50, le=1200, description="dots per inch of the PNG files")
    event_displays: int = Field(
        6, ge=1, le=12, description="pairs of bundles on the page of event displays"
    )
