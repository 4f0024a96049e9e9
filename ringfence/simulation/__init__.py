"""A job mix on a cluster that does not exist yet: what tenants would wait for, borrow, lend and pay.

Owns: job mixes, the arrangements of queues that are compared, and the account of what happened. Refuses to own: the
scheduler and Kueue, which are the real ones (ringfence.controlplane).
"""
