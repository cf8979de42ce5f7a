"""The nine plots: an aim, what stands in its way, and how it ends."""

from scratchlm.world.narrator import Narrator
from scratchlm.world.road import journey
from scratchlm.world.scenes import Stage
from scratchlm.world.state import State
from scratchlm.world.village import village


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


def deliver(stage: Stage) -> None:
    """The friend asks the hero to bring something to somebody."""
    stage.visit()
    stage.offer_things("t", "small")
    stage.say("deliver_ask")
    stage.s.own(stage.cast["f"], stage.cast["t"])
    stage.say("wait_reason")
    stage.ask_promise()
    stage.hand_over("f", "h")
    stage.n.paragraph()
    outcome = journey(stage, "k", carries=True)
    stage.n.paragraph()
    stage.say("arrive")
    if outcome == "gone":
        stage.say("confess")
        stage.s.feel(stage.cast["k"], "sad" if stage.say("forgive") == "hurt" else "calm")
    else:
        if outcome == "late":
            stage.say("late")
        stage.hand_over("h", "k")
        stage.thank()
        stage.say("treat_shared")
    if stage.promised:
        stage.promised.kept = outcome != "gone"
    stage.end()


def lost(stage: Stage) -> None:
    """The friend has lost something; a witness knows where it is."""
    stage.visit()
    stage.offer_things("t", "small")
    stage.say("lost_tell")
    stage.s.own(stage.cast["f"], stage.cast["t"])
    stage.say("lost_search")
    stage.ask_promise()
    stage.say("lost_plan")
    stage.n.paragraph()
    stage.go_to("k", "set_out")
    stage.say("ask_seen")
    FINDS[_witness(stage)](stage)
    stage.go_to("f")
    stage.n.paragraph()
    stage.hand_over("h", "f")
    stage.thank()
    if stage.promised:
        stage.promised.kept = True
    stage.end()


def _witness(stage: Stage) -> str:
    """What the witness saw: who has the thing now, or where it lies."""
    stage.s.go(stage.cast["f"], stage.cast["f"].home or stage.s.where(stage.cast["f"]))
    seen = stage.say("witness")
    cast = stage.cast
    holder = cast[{"thief": "b", "lent": "m", "lying": "q"}[seen]]
    stage.s.lose(cast["f"], cast["t"], holder)
    if seen == "thief":
        stage.s.go(holder, cast["q"])
    stage.s.learn(cast["k"], holder)
    stage.s.tell(cast["k"], holder, cast["h"])
    return seen


def _find_thief(stage: Stage) -> None:
    stage.go_to("b")
    stage.say("find_thief")
    stage.say("thief_gives")
    stage.s.take(stage.cast["h"], stage.cast["t"])


def _find_lent(stage: Stage) -> None:
    stage.go_to("m")
    stage.say("find_lent")
    stage.hand_over("m", "h")


def _find_lying(stage: Stage) -> None:
    stage.cast["p"] = stage.cast["q"]
    stage.say("go_on")
    stage.s.go(stage.cast["h"], stage.cast["q"])
    stage.say("find_lying")
    stage.s.take(stage.cast["h"], stage.cast["t"])


def repair(stage: Stage) -> None:
    """Something is broken; the tool for it must be borrowed, and brought back."""
    stage.n.offers["p"] = [place for place in village().places if "building" in place.traits]
    stage.say("broken")
    site = stage.cast["p"]
    stage.offer_things("t", "tool")
    stage.say("need_tool")
    stage.s.own(stage.cast["k"], stage.cast["t"])
    stage.n.paragraph()
    stage.go_to("k", "set_out")
    stage.cast["p"] = site
    stage.say("borrow_ask")
    if stage.say("borrow_answer") == "price":
        stage.say("price_paid")
    stage.hand_over("k", "h")
    stage.n.paragraph()
    stage.say("go_on")
    stage.s.go(stage.cast["h"], site)
    stage.say("mend")
    if stage.say("tool_back") == "kept":
        stage.s.go(stage.cast["h"], stage.s.where(stage.cast["k"]))
        stage.s.give(stage.cast["h"], stage.cast["t"], stage.cast["k"])
        stage.say("tool_kept")
        stage.s.feel(stage.cast["k"], "glad")
    else:
        stage.say("tool_forgot")
        stage.s.feel(stage.cast["k"], "cross")
    stage.end()


def gift(stage: Stage) -> None:
    """A birthday present: find out what the friend likes, get it, give it."""
    stage.say("birthday")
    stage.say("gift_ask")
    stage.offer_things("t", "treasure")
    stage.say("gift_hint")
    stage.s.learn(stage.cast["h"], stage.cast["t"])
    stage.say("gift_owner")
    stage.s.own(stage.cast["m"], stage.cast["t"])
    stage.n.paragraph()
    stage.go_to("m", "set_out")
    deal = stage.say("gift_trade")
    if deal != "free":
        stage.say("trade_" + deal)
    stage.hand_over("m", "h")
    stage.say("gift_wrap")
    stage.n.paragraph()
    stage.go_to("f")
    stage.say("arrive_home")
    stage.hand_over("h", "f")
    stage.say("gift_open")
    stage.thank()
    stage.end()


def rescue(stage: Stage) -> None:
    """An animal is in trouble; it takes a tool and a second pair of hands."""
    stage.say("stuck")
    scene = stage.s.where(stage.cast["h"])
    stage.s.go(stage.cast["a"], scene)
    courage = stage.say("rescue_try")
    stage.s.feel(stage.cast["h"], courage)
    stage.offer_things("t", "tool")
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
        stage.s.feel(stage.cast["f"], "glad" if stage.say("sorry") == "forgiven" else "sad")
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


FINDS = {"thief": _find_thief, "lent": _find_lent, "lying": _find_lying}
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
