"""The manifest (`mainstay.yaml`) as immutable values."""

from mainstay.manifest.load import load
from mainstay.manifest.system import Manifest
from mainstay.manifest.variable import VariableSection
