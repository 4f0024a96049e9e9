"""The image closure: every image that charts, manifests and operators will ask for, each with why it is there."""
