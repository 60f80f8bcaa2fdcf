"""What the system does: one package per capability, each with the same few files. See ARCHITECTURE.md."""
