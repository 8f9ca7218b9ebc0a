"""The StreamSpace control plane: a folder is a capability (ARCHITECTURE.md)."""
