"""REST APIs as rows."""

from artifacts.models import Api
from artifacts.store import save_artifact

API = '<api xmlns="http://ws.apache.org/ns/synapse" name="shop" context="/shop" {}><resource/></api>'


def test_versions_of_an_api_are_artifacts_of_their_own(db):
    for attributes in ("", 'version="1" version-type="url"', 'version="2" version-type="url"'):
        save_artifact(API.format(attributes))

    rows = Api.objects.order_by("name")
    assert [(row.name, row.api_version) for row in rows] == [("shop", ""), ("shop:v1", "1"), ("shop:v2", "2")]


def test_a_version_without_a_type_is_a_mistake_and_no_name(db):
    assert save_artifact(API.format('version="1"')).row.name == "shop"
