"""A village whose every story has a known probability and a known truth."""
