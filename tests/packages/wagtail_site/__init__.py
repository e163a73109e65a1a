"""A small Wagtail site, guarded, and what its editor shows; run as a program by the test beside it. Not a test itself."""
