"""How others speak, translated to the words of the domain. No I/O."""
