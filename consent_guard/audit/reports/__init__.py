"""What is made of a scan's report: its forms, advice, a comparison of states, a baseline, proposals for a policy.

May import the policy and the audit's values; reads no page. The command line calls it.
"""
