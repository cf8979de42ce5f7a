"""The nine plots: an aim, what stands in its way, and how it ends."""

from scratchlm.world.encounters import feast, letter, rescue, secret, swap
from scratchlm.world.errands import deliver, gift, lost, repair
from scratchlm.world.narrator import Narrator
from scratchlm.world.scenes import Stage
from scratchlm.world.state import State

PLOTS = {
    "deliver": deliver,
    "lost": lost,
    "repair": repair,
    "gift": gift,
    "rescue": rescue,
    "secret": secret,
    "swap": swap,
    "feast": feast,
    "letter": letter,
}


def tell(narrator: Narrator) -> State:
    """Tell one story to its end; returns what is true there.

    Args:
        narrator: A `Writer`, who decides at random, or a `Reader`, who follows a text.
    """
    stage = Stage(narrator)
    if stage.say("opening") == "about":
        stage.say("about")
    stage.say("mood")
    stage.s.go(stage.cast["h"], stage.s.where(stage.cast["h"]))
    aim = stage.say("aim")
    PLOTS[aim](stage)
    return stage.s
