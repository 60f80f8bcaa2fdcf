"""Puts one node together from settings: what it is made of (`parts`), and the node itself (`node`)."""
