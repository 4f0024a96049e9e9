"""The air-gapped bundle: one sealed file that carries a stack across a border, and what proves that it arrived whole.

Owns the format: which bytes a bundle has, who signed them, what a reader refuses, what a delta leaves out, how a
bundle is split, and how the far side says what it applied. Refuses to own what goes in and what is done with it
there, and knows nothing of Pulumi.

Two words are used throughout. The *low side* has a network and builds; the *high side* has none and applies.

| room | what it answers |
|---|---|
| `manifest` | what is in a bundle: members with role, digest, size and reason, as canonical JSON |
| `contents` | where the bytes of a member come from while it is built |
| `container` | which bytes a bundle has, given its manifest and signatures: there is exactly one answer |
| `building` | write that file: streaming, resumable, whole or not at all |
| `keys`, `signing` | key files; DSSE, raw and minisign signatures |
| `verification` | refuse every other file, and say which byte and why; only what is verified can be read |
| `delta`, `splitting` | leave out what the high side has; cut to the size of a medium |
| `accepted`, `receipts` | what the high side has taken, and how it says so: a file, a QR code, or read aloud |
| `leaks` | find what must not leave: anything shaped like a secret, or equal to one |
| `comparing` | what changed between two bundles |
"""
