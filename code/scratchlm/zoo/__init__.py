"""The recipes and the small trained artefacts that ship with the book."""
