"""Edge sites: embedded or hosted control plane, mirror, model cache, store-and-forward."""
