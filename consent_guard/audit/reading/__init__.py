"""What a scan can be pointed at, and how its pages are fetched and found: apps in this process, files, addresses.

Decides nothing about consent. May import the wire layer, the look-ups of the rewriter and the audit's values. The scans and
``consent-guard init`` call it.
"""
