# SPDX-License-Identifier: Apache-2.0
"""Addresses that are taken, and places that a redirect may lead to."""

import io
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
import requests

from tips_ros.downloads.connection import Connection, RemoteState
from tips_ros.downloads.errors import DownloadError, Interruption
from tips_ros.downloads.retries import new_retries


@pytest.mark.parametrize(
    "url", ["", "tips", "file:///tmp", "ftp://host/", "https://", "https://h:x/", "http://a b/"]
)
def test_what_is_no_mirror_is_refused(url):
    with pytest.raises(DownloadError, match="is no mirror: give an address like"):
        Connection(url)


@pytest.mark.parametrize("url", ["https://me:secret@host/", "https://host/?key=secret"])
def test_a_secret_in_the_address_is_refused_and_not_repeated(url):
    with pytest.raises(DownloadError) as error:
        Connection(url)
    assert "secret" not in str(error.value)


def test_a_mirror_may_lack_its_last_slash():
    assert Connection("https://host/tips").url("a/b") == "https://host/tips/a/b"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_with_its_range(kit, status):
    kit.server.offer("there", kit.content)
    location = {"Location": f"{kit.server.url}there"}
    moved = kit.Behaviour(status=status, headers=location)
    kit.server.offer("here", b"", always=moved, head=moved)
    asked = Connection(kit.server.url)
    assert asked.head("here").size == len(kit.content)
    with asked.get("here", 100) as answer:
        assert (answer.status, answer.start) == (206, 100)
        assert b"".join(answer.chunks(10**6)) == kit.content[100:]
    assert [asked.method for asked in kit.server.log] == ["HEAD", "HEAD", "GET", "GET"]


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_a_redirect_out_of_http_is_refused(kit, location):
    moved = kit.Behaviour(status=302, headers={"Location": location})
    kit.server.offer("here", b"", always=moved, head=moved)
    with pytest.raises(DownloadError, match="is a login page or a proxy"):
        Connection(kit.server.url).head("here")


def test_a_redirect_from_https_to_http_is_refused(monkeypatch):
    def send(adapter, request, **options):
        response = requests.Response()
        response.request, response.url, response.raw = request, request.url, io.BytesIO()
        response.status_code = 302 if request.url.startswith("https:") else 200
        response.headers["Location"] = "http://mirror.example/elsewhere"
        return response

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    with pytest.raises(DownloadError, match=r"http://mirror\.example/elsewhere"):
        Connection("https://mirror.example/").head("file")


def test_a_redirect_in_a_circle_ends(kit):
    circle = kit.Behaviour(status=302, headers={"Location": f"{kit.server.url}here"})
    kit.server.offer("here", b"", always=circle, head=circle)
    with pytest.raises(DownloadError, match="redirects"):
        Connection(kit.server.url).head("here")
    assert len(kit.server.log) <= 11


@pytest.mark.parametrize(
    ("headers", "validator"),
    [
        ({"ETag": '"a"', "Last-Modified": "then"}, '"a"'),
        ({"ETag": 'W/"a"', "Last-Modified": "then"}, "then"),
        ({"ETag": 'W/"a"'}, None),
    ],
)
def test_only_a_strong_version_is_used_to_join_bytes(kit, headers, validator):
    kit.server.offer("a", b"12345", always=kit.Behaviour(headers=headers))
    assert Connection(kit.server.url).head("a") == RemoteState(5, validator)


def test_a_date_to_try_again_is_understood():
    soon = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=50))
    assert 30 < new_retries().pause_s(Interruption("busy", soon)) <= 50


def test_a_server_that_cuts_the_headers_short_is_tried_again(kit):
    kit.server.close()
    with pytest.raises(Interruption, match="nothing answers there"):
        Connection(kit.server.url).head("a")
