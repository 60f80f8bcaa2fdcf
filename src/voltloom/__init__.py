"""voltloom runs networks of EV charging stations. `ARCHITECTURE.md` is the plan of the house."""

__version__ = "0.1.0"
