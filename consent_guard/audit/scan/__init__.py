"""Looking at a whole site: its responses as they come (``static_scan``), or in a running browser (``browser_scan``).

May import the domain, the engine's rulings, the rewriter and the rest of the audit but ``reports``. The command line calls it.
"""
