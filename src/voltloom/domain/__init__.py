"""The words of the trade: values, and nothing but the standard library.

Whoever reads `reports`, `commands` and `events` knows all that can happen here.
"""
