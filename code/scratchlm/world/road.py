"""What can happen on the way: one obstacle, and how it ends."""

from scratchlm.world.scenes import Stage
from scratchlm.world.village import village

RIVER = "river"


def journey(stage: Stage, role: str, carries: bool) -> str:
    """The hero sets out to where somebody is, and something happens.

    Args:
        stage: The story so far.
        role: Whom the hero wants to reach.
        carries: Whether the hero carries ``t``, which may then be lost.

    Returns:
        ``quiet``, ``late`` (delayed, but safe) or ``gone`` (``t`` is lost).
    """
    goal = stage.s.where(stage.cast[role])
    stage.cast["p"] = goal
    stage.say("set_out")
    if stage.say("on_the_way") == "quiet":
        result = "quiet"
    else:
        small = carries and "small" in stage.cast["t"].traits
        possible = {"bridge", "fog", "guard", "sleep"}
        possible |= ({"drop"} if carries else set()) | ({"thief"} if small else set())
        what = stage.say("obstacle", sorted(possible))
        result = OBSTACLES[what](stage)
    stage.s.go(stage.cast["h"], goal)
    stage.cast["p"] = goal
    return result


def bridge(stage: Stage) -> str:
    """No bridge: somebody helps across."""
    stage.say("bridge_help")
    if "m" in stage.cast:
        stage.say("bridge_thanks")
    return "quiet"


def fog(stage: Stage) -> str:
    """Lost in the fog, and late."""
    stage.say("fog_help")
    return "late"


def guard(stage: Stage) -> str:
    """An animal in the way lets itself be persuaded."""
    stage.say("guard_help")
    return "quiet"


def thief(stage: Stage) -> str:
    """A thief among the animals takes what the hero carries."""
    cast, state = stage.cast, stage.s
    state.lose(cast["h"], cast["t"], cast["b"])
    state.go(cast["b"], cast["q"])
    stage.say("thief_chase")
    state.go(cast["h"], cast["q"])
    if stage.say("thief_end") == "gone":
        return "gone"
    state.take(cast["h"], cast["t"])
    return "late"


def drop(stage: Stage) -> str:
    """What the hero carries falls into the river."""
    river = next(place for place in village().places if place.name == RIVER)
    stage.s.go(stage.cast["h"], river)
    stage.s.lose(stage.cast["h"], stage.cast["t"], river)
    if stage.say("drop_end") == "gone":
        return "gone"
    stage.s.take(stage.cast["h"], stage.cast["t"])
    return "quiet"


def sleep(stage: Stage) -> str:
    """The hero falls asleep, and is late."""
    stage.say("sleep_end")
    return "late"


OBSTACLES = {
    "bridge": bridge,
    "fog": fog,
    "guard": guard,
    "thief": thief,
    "drop": drop,
    "sleep": sleep,
}
