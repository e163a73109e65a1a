"""What helps somebody who writes a policy: advice on a sound one, and the text of a first one.

May import the rest of the policy, which knows nothing of it. The command line calls it.
"""
