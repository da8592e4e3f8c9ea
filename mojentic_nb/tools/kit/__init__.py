"""The tools that come with us, one file for those that belong together.

Law: nothing is imported here; `listing.json` tells of every tool, and each comes on
first use.
"""
