"""``uri-template``."""

import pytest

from mediation.api.uri_template import UriTemplate
from mediation.errors import GrammarError


@pytest.mark.parametrize(
    ("template", "path", "variables"),
    [
        ("/", "/", {}),
        ("/", "/?a=1", {}),
        ("/", "/a", None),
        ("/orders", "/orders/", {}),
        ("/orders/", "/orders", {}),
        ("/orders", "/orders?all=1", {}),
        ("/orders", "/orders/?all=1", {}),
        ("/orders", "/ordersX", None),
        ("/view/{symbol}", "/view/IBM", {"symbol": "IBM"}),
        ("/view/{symbol}", "/view/IBM/", {"symbol": "IBM"}),
        ("/view/{symbol}", "/view/a%20b", {"symbol": "a b"}),
        ("/view/{symbol}", "/view/", None),
        ("/view/{symbol}", "/view/IBM/more", None),
        ("/{a}/{b}", "/x/y?q=1", {"a": "x", "b": "y"}),
        ("/alert/{id}.json", "/alert/foo.json", {"id": "foo"}),
        ("/foo-{user}-bar", "/foo--bar", {"user": ""}),
        ("/foo-{user}-bar", "/foo-bar", None),
        ("/{user}/test?a={user}", "/hiranya/test?a=hiranya", {"user": "hiranya"}),
        ("/{user}/test?a={user}", "/hiranya/test?a=foo", None),
        ("/{word,count}", "/cat,5", {"word": "cat", "count": "5"}),
        ("/{word,count}", "/cat", {"word": "cat", "count": ""}),
        ("/{word,count}", "/,5", {"word": "", "count": "5"}),
        ("/{word,count}", "/a,b,c", None),
        ("/{name,id}/*", "/user,190/test?year=2012", {"name": "user", "id": "190"}),
        ("/{+rest}", "/a/b?c=1", {"rest": "a/b?c=1"}),
        ("/{+word}", "/hello+world%2B", {"word": "hello+world+"}),
        ("/words?{+query}", "/words?a=5", {"query": "a=5"}),
        ("/{symbol}/feed.rss{+query}", "/APPLE/feed.rss?max=30", {"symbol": "APPLE", "query": "?max=30"}),
        ("/admin{#foo}", "/admin#test,value", {"foo": "test,value"}),
        ("/admin{.action}", "/admin.do", {"action": "do"}),
        ("/admin{.action}", "/admin.do.bad", None),
        ("/admin{.action,sub}", "/admin.do.view", {"action": "do", "sub": "view"}),
        ("/admin{/action,sub}", "/admin/do/view", {"action": "do", "sub": "view"}),
        ("/admin{/context}", "/admin.do", None),
        ("/*", "/anything/at?all=1", {}),
        ("/*", "/", {}),
        ("/person*", "/person/7", {}),
        ("/person*", "/person", {}),
        ("/a/*", "/a/b/c", {}),
        ("/a/*", "/a/", {}),
        ("/a/*", "/a", None),
        ("/{a}/*", "/x", {"a": "x"}),
        ("/{a}/*", "/x/?test=done", {"a": "x"}),
        ("/test{format}*", "/test.json?test", {"format": ".json"}),
        ("/p?x={x}&y={y}", "/p?x=1&y=2", {"x": "1", "y": "2"}),
        ("/p?x={x}&y={y}", "/p?x=&y=", {"x": "", "y": ""}),
        ("/p?x={+x}&y={+y}", "/p?x=1&y", None),
        ("/p?x={x}", "/p", None),
        ("/p/{x:3}", "/p/abc", {"x": "abc"}),
        ("/p/{x:3}", "/p/abcd", None),
    ],
)
def test_a_template_takes_a_path_and_gives_its_variables(template: str, path: str, variables: dict[str, str] | None):
    assert UriTemplate(template).match(path) == variables


@pytest.mark.parametrize("template", ["/a/{b:99999}", "/a/{b", "/a/b}", "/{a{b}}", "/{}", "/{?a}", "/{a b}"])
def test_what_cannot_be_matched_is_refused(template: str):
    with pytest.raises(GrammarError, match="uri-template"):
        UriTemplate(template)
