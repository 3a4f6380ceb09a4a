"""Every dialect that apps speak: one contract, and unmodified clients."""
