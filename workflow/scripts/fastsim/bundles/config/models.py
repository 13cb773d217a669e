"""Names of the models that can say which muons a bundle has."""

from typing import Literal

BundleModel = Literal["gan", "flow"]
