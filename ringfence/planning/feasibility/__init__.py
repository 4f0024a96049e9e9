"""Can it ever schedule? Queues against nodes, and gangs against blocks, before anything is created.

Owns: pure answers, each with the smallest change that would make it yes. Refuses to own: the platform file's own words
(ringfence.planning.checks.feasibility), and what happens at run time (the simulation on a real control plane).
"""
