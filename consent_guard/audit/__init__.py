"""What a site makes browsers contact and store without consent: the tools that look from outside, at any app.

``leaks`` judges one response; with ``documents`` it is what the test kit and the scans have in common. ``reading`` fetches and
finds pages, ``scan`` looks at a whole site, ``reports`` says what came of it. May import everything below the transports, and
the libraries of the extra ``scan`` inside functions. The command line, the test kit and the pytest plugin call it.
"""
