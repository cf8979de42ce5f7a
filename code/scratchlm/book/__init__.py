"""What the notebooks need: set-up, figures, listings, values in text."""
