"""What crosses the border with a stack, and what is done with it on the other side.

Owns: gathering the contents of a bundle from a stack (the low side), and carrying a verified bundle in (the high side):
program, state, plan, manifests, images. Refuses to own the bundle's format and its signatures (ringfence.airgap).
"""
