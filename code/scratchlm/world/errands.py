"""Four plots in which something must get from one person to another."""

from scratchlm.world.road import journey
from scratchlm.world.scenes import Stage
from scratchlm.world.village import village


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
    stage.offer_things("t", "mend")
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


FINDS = {"thief": _find_thief, "lent": _find_lent, "lying": _find_lying}
