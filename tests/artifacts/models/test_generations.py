import pytest

from artifacts.models import Deployment

pytestmark = pytest.mark.django_db


def test_the_generation_rises():
    before = Deployment.current()

    Deployment.rise()

    assert Deployment.current() == before + 1


def test_it_begins_without_a_row():
    Deployment.objects.all().delete()

    assert Deployment.current() == 0
    Deployment.rise()
    assert Deployment.current() == 1
