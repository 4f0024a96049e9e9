"""What `ringfence explain` says: our own rules, and other tools' rules that demand a copy or a cross-region thing.

Owns the table of the others (demands.yaml) and which in-jurisdiction copy satisfies both sides. Refuses to own what is
allowed (the contract) and our rules' pages (docs/rules).
"""
