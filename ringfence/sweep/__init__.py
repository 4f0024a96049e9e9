"""The sweep: every property of every resource type that could move data, classified.

Owns finding the candidates in the installed SDKs and custom resource definitions, and holding the policy's tables
against them. Refuses to judge a resource: that is `policy`, which reads what the sweep wrote.
"""
