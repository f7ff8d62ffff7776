"""``<task>``: what its row shows beside the XML."""

from dataclasses import dataclass
from typing import Final

from lxml import etree

from mediation.grammar import find

from .edit import append_child, set_attribute

TRIGGER: Final = ("interval", "count", "cron", "once")


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """
    Facts of a scheduled task. Those of its trigger are as they are written.

    Attributes:
        interval: in seconds.
    """

    name: str
    task_class: str = ""
    interval: str = ""
    count: str = ""
    cron: str = ""
    once: str = ""


def read_task(element: etree._Element) -> TaskFacts:
    trigger = find(element, "trigger")
    written = {} if trigger is None else {name: trigger.get(name, "") for name in TRIGGER}
    return TaskFacts(name=element.get("name", ""), task_class=element.get("class", ""), **written)


def write_task(element: etree._Element, facts: TaskFacts) -> None:
    set_attribute(element, "name", facts.name)
    set_attribute(element, "class", facts.task_class)
    wanted = {name: getattr(facts, name) for name in TRIGGER}
    trigger = find(element, "trigger")
    if trigger is None and any(wanted.values()):
        trigger = append_child(element, "trigger")
    if trigger is not None:
        for name, value in wanted.items():
            set_attribute(trigger, name, value)
