"""Names of the families of networks that generator and critic can be built from."""

from typing import Literal

Family = Literal["deepsets", "epic", "transformer"]
