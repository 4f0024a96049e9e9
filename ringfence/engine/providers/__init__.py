"""Plan-only providers: they check, record and diff a package's resources and never call a cloud.

Owns the provider side of the Pulumi plugin protocol for kubernetes, aws, azure-native, gcp and random, at the version
of the installed SDK wheel. Refuses to own how a plugin is found and started (`ringfence.engine.home`).
"""
