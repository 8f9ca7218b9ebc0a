"""The StreamSpace agent: serves one controller, dials out only (ARCHITECTURE.md, "The agent")."""

__version__ = "0.1.0"
