"""From raw bytes to sub-word tokens and back."""
