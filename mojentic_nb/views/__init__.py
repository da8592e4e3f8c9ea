"""Values as text and HTML.

Law: a view is a pure function from values to a string. No IPython, no pandas, no clock, no
file; whatever shows the string (a cell, a widget, a terminal) stands further up.
"""
