"""
``<api>``: REST APIs, found by the path of a request.

::

    artifact.py       the artifact, with its version and handlers
    resource.py       one resource: its sequences, and what it asks of a request
    uri_template.py   /orders/{id}?state={state}
    url_mapping.py    /orders/*
    dispatch.py       from a request to the resource that takes it
    cors.py           what browsers of other origins may do
    openapi.py        ?swagger.json

Rules: ``docs/compatibility.md``, REST APIs.
"""

from .artifact import Api, name_of_api, read_api
from .cors import Cors
from .dispatch import ApiRequest, ApiTable, DirectAnswer, Dispatched
from .resource import ApiService, Resource

__all__ = [
    "Api",
    "ApiRequest",
    "ApiService",
    "ApiTable",
    "Cors",
    "DirectAnswer",
    "Dispatched",
    "Resource",
    "name_of_api",
    "read_api",
]
