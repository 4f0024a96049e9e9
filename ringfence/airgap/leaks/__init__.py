"""What must not leave: anything shaped like a secret, or equal to one of the stack's, in a bundle as it is written.

| room | what it answers |
|---|---|
| `shapes` | what secrets look like: one table, each with the reason why it is one |
| `text` | where in a stretch of bytes is such a shape, or a given secret, also in base64 |
| `unpacking` | what is inside gzip, xz, bzip2, tar and zip, nested, as a stream |
| `objects` | which Kubernetes Secrets in rendered manifests hold a value instead of a slot |
| `watch` | sees a bundle being built, and refuses it |
"""

from ringfence.airgap.leaks.watch import Finding, LeakWatch

__all__ = ["Finding", "LeakWatch"]
