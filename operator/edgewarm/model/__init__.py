"""Frozen values everyone shares; imports nothing of ours.

The words (one meaning each, in code, CRDs, metrics and docs):

workload            the scalable object that a policy targets
demand              what is asked, in the unit of the policy's query
capacity per pod    the demand that one ready pod serves
need                ceil(demand / capacity per pod), a pod count
lead time           seconds from deciding a rung until it is usable
horizon             how far ahead a forecast looks, in seconds
kappa               cost of one pod-minute of shortage, in idle pod-minutes
service level       tau = kappa / (1 + kappa)
reactive floor      need now; at least ready + 1 while demand is censored
reactive answer     what strategy Reactive alone would hold
wanted              the replica count that the rules chose
reason              the CamelCase word that says which rule set a number

Times are seconds since the Unix epoch (UTC) as `float`, named `now`, `at` or `..._at`; durations end in `_seconds`.
"""
