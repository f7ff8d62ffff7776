"""People with different permissions, and forms as a browser would post them."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from artifacts.store import save_artifact

NS = 'xmlns="http://ws.apache.org/ns/synapse"'

XML = {
    "sequence": f'<sequence {NS} name="greet" onError="oops">\n    <!-- says hello -->\n    <log/>\n</sequence>\n',
    "proxyservice": f'<proxy {NS} name="shop" transports="http"><target inSequence="greet"/></proxy>',
    "inboundendpoint": f"""\
<inboundEndpoint {NS} name="door" protocol="ws" sequence="greet" onError="oops">
    <parameters>
        <!-- where clients come in -->
        <parameter name="inbound.ws.port">9091</parameter>
        <parameter name="ws.outflow.dispatch.sequence">greet</parameter>
        <parameter name="keystore.password">CANARY-parameter</parameter>
    </parameters>
</inboundEndpoint>
""",
    "endpoint": f'<endpoint {NS} name="backend"><address uri="ws://user:CANARY-url@localhost:8082/"/></endpoint>',
    "localentry": f'<localEntry {NS} key="greeting">hello</localEntry>',
    "api": f'<api {NS} name="orders" context="/orders"><resource methods="GET"/></api>',
    "template": f'<template {NS} name="greeting"><parameter name="who"/><sequence/></template>',
    "messagestore": f"""\
<messageStore {NS} name="kept">
    <parameter name="store.jdbc.password">CANARY-store</parameter>
</messageStore>
""",
    "messageprocessor": f'<messageProcessor {NS} name="forward" messageStore="kept" class="some.Class"/>',
    "task": f'<task {NS} name="daily" class="some.Class"><trigger interval="5"/></task>',
    "keptartifact": f'<eventSource {NS} name="nightly"><subscriptionManager class="some.Class"/></eventSource>',
}


@pytest.fixture(autouse=True)
def admin_site(db, settings, tmp_path):
    settings.ROOT_URLCONF = "tests.artifacts.admin.urls"
    settings.ESB_DATA_DIR = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast


@pytest.fixture
def rows(db):
    """One artifact of each kind, by model name."""
    return {model: save_artifact(xml).row for model, xml in XML.items()}


def staff(name, *actions):
    """Log in as somebody who may do these things, and no others, with every artifact."""
    user = User.objects.create_user(name, is_staff=True)
    for action in actions:
        user.user_permissions.add(
            *Permission.objects.filter(content_type__app_label="artifacts", codename__startswith=f"{action}_")
        )
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def editor():
    return staff("editor", "view", "add", "change", "delete")


@pytest.fixture
def viewer():
    return staff("viewer", "view")


@pytest.fixture
def stranger():
    return staff("stranger")


def posted(client, url):
    """What the browser would send back if the form were saved as it is."""
    context = client.get(url).context
    data = fields(context["adminform"].form)
    for inline in context["inline_admin_formsets"]:
        data |= fields(inline.formset.management_form)
        for form in inline.formset.forms:
            data |= fields(form)
    return data


def fields(form):
    values = {form.add_prefix(name): form[name].value() for name in form.fields}
    return {
        name: str(value).replace("\n", "\r\n") if value is not True else "on"
        for name, value in values.items()
        if value is not None and value is not False
    }


def messages(response):
    return [str(message) for message in response.context["messages"]]


def errors(response):
    """The errors of the form by field."""
    return {name: list(texts) for name, texts in response.context["adminform"].form.errors.items()}


def change_url(row):
    return f"/admin/artifacts/{row._meta.model_name}/{row.pk}/change/"
