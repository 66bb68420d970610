"""The manifest (`mainstay.yaml`): its sections, their rules, and how it is read and checked."""

from mainstay.manifest.load import load
from mainstay.manifest.system import Manifest
from mainstay.manifest.variable import VariableSection
