"""Stations: who they are, how they prove it, what they last said, and what is asked of them."""
