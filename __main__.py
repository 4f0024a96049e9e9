"""The Pulumi program: read the configuration, build the stack, export its outputs."""

import pulumi

from stacks import outputs, settings
from stacks.build import build

built = build(settings.load(pulumi.Config("ringfence")))
for name, value in outputs.exports(built).items():
    pulumi.export(name, value)
