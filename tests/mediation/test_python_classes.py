import pytest

from mediation.errors import GrammarError, Needs, NotRunnable
from mediation.python_classes import import_class


class Job:
    def work(self) -> None: ...


class Broken:
    work = 1


PATH = f"{__name__}.Job"


def test_a_dotted_path_is_a_class():
    assert import_class(f" {PATH} ", "work", "a task") is Job


def test_a_java_name_is_that_which_the_settings_name(settings):
    settings.ESB_CLASSES = {"com.shop.Job": PATH}
    assert import_class("com.shop.Job", "work", "a task") is Job


@pytest.mark.parametrize("name", ["com.shop.Job", "Job", ""])
def test_what_is_no_python_class_needs_java(name: str):
    with pytest.raises(NotRunnable, match=r"a task of the class .* ESB_CLASSES") as caught:
        import_class(name, "work", "a task")
    assert caught.value.needs is Needs.JAVA


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (f"{__name__}.Nothing", "cannot be imported (AttributeError"),
        ("tests.nowhere.Job", "cannot be imported (ModuleNotFoundError"),
        (f"{__name__}.Broken", "is not a class with a method work()"),
        (f"{__name__}.PATH", "is not a class with a method work()"),
    ],
)
def test_one_that_does_not_fit_is_a_mistake(name: str, said: str):
    with pytest.raises(GrammarError) as caught:
        import_class(name, "work", "a task")
    assert said in str(caught.value)
