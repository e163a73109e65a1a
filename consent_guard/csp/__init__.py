"""The browser's own back-stop: a Content-Security-Policy made of the policy and one visitor's consent (DESIGN §6).

May import limits, findings, the policy and the wire layer. The engine and the command line call it. Nothing is learned from a
page: whoever may write into one could widen what it is allowed to load.
"""
