"""The whole of an index: checked, repaired, packed and unpacked."""

__all__ = ["backup", "check", "named", "repair", "status"]
