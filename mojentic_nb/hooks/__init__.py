"""Policies of a turn: plain values and functions the turn consults.

Law: nothing here performs I/O, sleeps or knows sync from async. A policy answers
a question ("again, and when?"); the turn acts on it by asking for an effect.
"""
