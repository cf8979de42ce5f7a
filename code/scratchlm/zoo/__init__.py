"""The recipes, the small trained models that ship with the book, and SmolLM2."""

from scratchlm.interop import Loaded
from scratchlm.zoo.build import build
from scratchlm.zoo.measure import Score, measure
from scratchlm.zoo.recipes import RECIPES, Recipe, recipe
from scratchlm.zoo.shipped import find_model, history, load, shipped
from scratchlm.zoo.verify import verify

__all__ = [
    "RECIPES",
    "Loaded",
    "Recipe",
    "Score",
    "build",
    "find_model",
    "history",
    "load",
    "measure",
    "recipe",
    "shipped",
    "verify",
]
