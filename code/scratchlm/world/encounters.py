"""Five plots in which people meet: to help, to talk, to trade, to eat, to see each other."""

from scratchlm.world.road import journey
from scratchlm.world.scenes import Stage
from scratchlm.world.village import Entity


def rescue(stage: Stage) -> None:
    """An animal is in trouble; it takes a tool and a second pair of hands."""
    stage.say("stuck")
    stage.n.tell(stage.n.rules["stuck_place"], _places_to_be_stuck(stage.cast["a"]))
    scene = stage.s.where(stage.cast["h"])
    stage.s.go(stage.cast["a"], scene)
    courage = stage.say("rescue_try")
    stage.s.feel(stage.cast["h"], courage)
    stage.offer_things("t", "rescue")
    stage.say("rescue_plan")
    stage.s.own(stage.cast["k"], stage.cast["t"])
    stage.n.paragraph()
    stage.go_to("k", "set_out")
    stage.say("arrive")
    stage.say("rescue_call")
    stage.s.go(stage.cast["h"], scene)
    stage.s.go(stage.cast["k"], scene)
    stage.say("rescue_do")
    stage.say("rescue_end")
    stage.n.paragraph()
    stage.cast["x"], stage.cast["y"] = stage.cast["k"], stage.cast["h"]
    stage.thank()
    stage.say("treat_shared")
    stage.end()


def _places_to_be_stuck(animal: Entity) -> set[str]:
    """Which kinds of place an animal can get into and not out of: a horse is never in a tree."""
    kinds = {"high": "climber" in animal.traits, "deep": "bird" not in animal.traits}
    kinds["narrow"] = "large" not in animal.traits
    return {"", *(kind for kind, possible in kinds.items() if possible)}


def secret(stage: Stage) -> None:
    """The friend tells a secret; somebody else asks about it."""
    stage.visit()
    stage.say("secret_ask")
    stage.ask_promise()
    stage.say("secret_tell")
    stage.s.learn(stage.cast["f"], stage.cast["s"])
    stage.s.tell(stage.cast["f"], stage.cast["s"], stage.cast["h"])
    stage.n.paragraph()
    stage.say("secret_meet")
    kept = stage.say("secret_choice") == "kept"
    stage.n.paragraph()
    if kept:
        stage.say("secret_kept")
        stage.say("secret_thanks")
        stage.s.feel(stage.cast["f"], "glad")
    else:
        stage.s.tell(stage.cast["h"], stage.cast["s"], stage.cast["k"])
        stage.say("secret_told")
        stage.say("secret_hurt")
        stage.s.feel(stage.cast["f"], "calm" if stage.say("sorry") == "forgiven" else "sad")
    if stage.promised:
        stage.promised.kept = kept
    stage.end(thing=None)


def swap(stage: Stage) -> None:
    """The hero wants something and has something else; a third thing makes it work."""
    stage.offer_things("tu", "treasure")
    stage.say("swap_wish")
    cast = stage.cast
    stage.s.own(cast["h"], cast["t"])
    stage.s.own(cast["k"], cast["u"])
    if journey(stage, "k", carries=False) == "late":
        stage.say("late")
    stage.n.paragraph()
    stage.say("swap_ask")
    stage.offer_things("v", "treasure")
    if stage.say("swap_answer") == "yes":
        stage.say("swap_direct")
        _trade(stage, "h", "t", "k", "u")
        stage.end()
        return
    stage.s.own(cast["m"], cast["v"])
    stage.go_to("m")
    stage.say("swap_third")
    _trade(stage, "h", "t", "m", "v")
    stage.go_to("k")
    stage.say("swap_done")
    _trade(stage, "h", "v", "k", "u")
    stage.n.paragraph()
    stage.say("swap_end")
    stage.end(thing=None)


def _trade(stage: Stage, one: str, his: str, other: str, hers: str) -> None:
    """Two people exchange two things."""
    cast = stage.cast
    stage.s.give(cast[one], cast[his], cast[other])
    stage.s.give(cast[other], cast[hers], cast[one])


def feast(stage: Stage) -> None:
    """The hero cooks for everyone; others have what is needed."""
    stage.say("feast_plan")
    table = stage.cast["p"]
    stage.offer_things("tu", "food")
    stage.say("feast_need")
    stage.say("feast_first")
    stage.s.own(stage.cast["f"], stage.cast["t"])
    stage.go_to("f")
    stage.say("arrive_home")
    stage.hand_over("f", "h")
    stage.n.paragraph()
    stage.say("feast_second")
    stage.go_to("k")
    stage.say("arrive")
    if stage.say("feast_answer") == "gone":
        stage.s.own(stage.cast["m"], stage.cast["u"])
        stage.go_to("m")
        stage.hand_over("m", "h", "u")
    else:
        stage.s.own(stage.cast["k"], stage.cast["u"])
        stage.hand_over("k", "h", "u")
    stage.n.paragraph()
    stage.s.go(stage.cast["h"], table)
    stage.say("feast_eat")
    stage.s.use_up(stage.cast["h"], stage.cast["t"])
    stage.s.use_up(stage.cast["h"], stage.cast["u"])
    stage.say("feast_toast")
    stage.say("feast_music")
    stage.end(thing=None)


def letter(stage: Stage) -> None:
    """A letter calls the hero to a place, where the friend waits with something."""
    stage.say("letter_text")
    cast = stage.cast
    stage.s.go(cast["f"], cast["p"])
    stage.say("letter_think")
    stage.n.paragraph()
    outcome = journey(stage, "f", carries=False)
    stage.n.paragraph()
    stage.offer_things("t", "treasure")
    stage.say("letter_meet")
    stage.s.own(cast["f"], cast["t"])
    if outcome == "late":
        cast["k"] = cast["f"]
        stage.say("late")
    if stage.say("letter_gift") == "gift":
        stage.s.give(cast["f"], cast["t"], cast["h"])
    stage.say("letter_joy")
    stage.s.feel(cast["h"], "glad")
    stage.end()
