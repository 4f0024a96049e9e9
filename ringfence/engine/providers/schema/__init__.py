"""What the installed SDK says a resource, a function or a provider takes and gives.

Owns reading the generated Python SDKs as text (they are never imported: importing pulumi_aws costs seconds) into a
small type model. Refuses to judge values (`ringfence.engine.providers.check`).
"""
