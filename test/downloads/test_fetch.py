# SPDX-License-Identifier: Apache-2.0
"""One file from a server that drops, lies, changes its mind or is busy."""

import hashlib
import logging

import pytest

from tips_ros.downloads.errors import DownloadError
from tips_ros.downloads.progress import Bar


class Counting(Bar):
    """Remembers where the bar stands."""

    def __init__(self):
        super().__init__()
        self.total = self.done = 0
        self.on_advance = lambda done: None

    def run(self, total):
        self.total, self.done = total, 0
        return super().run(total)

    def advance(self, count):
        self.done += count
        self.on_advance(self.done)


def assert_whole(kit, content=None):
    content = kit.content if content is None else content
    assert kit.target.read_bytes() == content
    assert kit.names == ["SHA256SUMS", kit.vision.name], "no part is left"
    recorded = (kit.directory / "SHA256SUMS").read_text()
    assert recorded == f"{hashlib.sha256(content).hexdigest()}  {kit.vision.name}\n"


def test_a_file_arrives_whole_and_is_recorded(kit):
    kit.server.offer(kit.vision.path, kit.content)
    (present,) = kit.download()
    assert_whole(kit)
    assert present.fetched and present.sha256 == hashlib.sha256(kit.content).hexdigest()
    assert [asked.method for asked in kit.server.log] == ["HEAD", "GET"]
    assert kit.pauses == []


@pytest.mark.parametrize("abruptly", [False, True])
def test_a_dropped_connection_goes_on_where_it_broke(kit, abruptly):
    drop = kit.Behaviour(drop_after=7000, abruptly=abruptly)
    kit.server.offer(kit.vision.path, kit.content, drop, drop)
    kit.download()
    assert_whole(kit)
    assert kit.server.gets[0].range is None
    assert kit.server.gets[-1].status in (200, 206)
    if not abruptly:  # a reset may take bytes with it that were sent already
        assert [asked.range for asked in kit.server.gets] == [None, "bytes=7000-", "bytes=14000-"]
        assert sum(asked.sent for asked in kit.server.gets) == len(kit.content)


def test_many_drops_are_no_reason_to_give_up_while_bytes_arrive(kit):
    kit.server.offer(kit.vision.path, kit.content, always=kit.Behaviour(drop_after=1000))
    kit.download()
    assert_whole(kit)
    assert len(kit.server.gets) == -(-len(kit.content) // 1000)
    assert set(kit.pauses) == {1.0}, "each piece that arrived starts the pauses over"


def test_a_server_that_sends_nothing_more_is_given_up_and_the_part_kept(kit):
    drop = kit.Behaviour(drop_after=0)
    kit.server.offer(kit.vision.path, kit.content, kit.Behaviour(drop_after=9000), always=drop)
    with pytest.raises(DownloadError, match=r"given up after 6 tries.*same command goes on"):
        kit.download()
    assert not kit.target.exists()
    assert kit.pauses == [1.0, 2.0, 4.0, 8.0, 16.0], "one drop with progress, then five without"
    kit.server.offer(kit.vision.path, kit.content)
    kit.download()
    assert_whole(kit)
    assert kit.server.gets[-1].range == "bytes=9000-"
    assert kit.server.gets[-1].sent == len(kit.content) - 9000


def test_a_later_run_resumes_only_the_version_it_began(kit):
    kit.leave_part(kit.content, 8000)
    kit.server.offer(kit.vision.path, kit.content)
    kit.download()
    assert_whole(kit)
    (get,) = kit.server.gets
    assert (get.range, get.status, get.sent) == ("bytes=8000-", 206, len(kit.content) - 8000)
    assert get.if_range.startswith('"'), "the ETag of the part goes with it"


def test_a_file_that_changed_between_two_pieces_is_fetched_from_the_start(kit):
    kit.leave_part(kit.npz(seed=1), 8000)
    kit.server.offer(kit.vision.path, kit.content)
    kit.download()
    assert_whole(kit)
    assert [asked.status for asked in kit.server.gets] == [200]


def test_a_server_deaf_to_if_range_does_not_join_two_versions(kit):
    kit.leave_part(kit.npz(seed=1), 8000)
    kit.server.offer(kit.vision.path, kit.content, always=kit.Behaviour(if_range=False))
    kit.download()
    assert_whole(kit)
    assert [asked.status for asked in kit.server.gets] == [206, 200]


def test_bytes_from_another_place_than_was_asked_for_are_not_joined(kit):
    kit.leave_part(kit.content, 8000)
    size = len(kit.content)
    shifted = {"Content-Range": f"bytes 7000-{size - 1}/{size}"}
    kit.server.offer(kit.vision.path, kit.content, kit.Behaviour(headers=shifted))
    kit.download()
    assert_whole(kit)
    assert [asked.status for asked in kit.server.gets] == [206, 200]


def test_without_any_version_the_joined_file_is_checked_and_fetched_again(kit, caplog):
    kit.leave_part(kit.damaged(kit.content), len(kit.content) - 100)
    mute = kit.Behaviour(if_range=False, headers={"ETag": None})
    kit.server.offer(kit.vision.path, kit.content, always=mute)
    with caplog.at_level(logging.WARNING):
        kit.download()
    assert_whole(kit)
    assert [asked.status for asked in kit.server.gets] == [206, 200]
    assert "fetching it again from the start" in caplog.text


def test_a_part_without_a_note_of_its_origin_is_not_continued(kit):
    kit.leave_part(kit.content, 8000)
    (kit.directory / f"{kit.vision.name}.part.json").write_text("not json")
    kit.server.offer(kit.vision.path, kit.content)
    kit.download()
    assert_whole(kit)
    assert [asked.range for asked in kit.server.gets] == [None]


def test_a_part_that_is_complete_needs_no_further_byte(kit):
    kit.leave_part(kit.content, len(kit.content))
    kit.server.offer(kit.vision.path, kit.content)
    kit.download()
    assert_whole(kit)
    assert kit.server.gets == []


def test_nothing_left_to_send_means_complete(kit):
    kit.leave_part(kit.content, len(kit.content))
    kit.server.offer(kit.vision.path, kit.content, head=kit.Behaviour(status=405))
    kit.download()
    assert_whole(kit)
    assert [asked.status for asked in kit.server.gets] == [416]


def test_a_server_without_ranges_starts_over_and_gets_there(kit):
    plain = kit.Behaviour(ranges=False)
    drop = kit.Behaviour(ranges=False, drop_after=7000)
    kit.server.offer(kit.vision.path, kit.content, drop, drop, always=plain)
    progress = Counting()
    kit.download(progress=progress)
    assert_whole(kit)
    assert [asked.status for asked in kit.server.gets] == [200, 200, 200]
    assert progress.done == progress.total == len(kit.content), "the bar went back and forth"


def test_starting_over_for_ever_is_no_progress(kit):
    drop = kit.Behaviour(ranges=False, drop_after=7000)
    kit.server.offer(kit.vision.path, kit.content, always=drop)
    with pytest.raises(DownloadError, match="given up after 6 tries"):
        kit.download()
    assert len(kit.server.gets) == 6


def test_more_bytes_announced_than_there_are_is_found_out(kit):
    lie = kit.Behaviour(announce=500)
    kit.server.offer(kit.vision.path, kit.content, always=lie, head=lie)
    with pytest.raises(DownloadError, match=r"given up after 6 tries \(.*announced"):
        kit.download()
    assert not kit.target.exists() and len(kit.server.gets) < 10


def test_fewer_bytes_announced_than_there_are_is_found_out(kit):
    lie = kit.Behaviour(announce=-500)
    kit.server.offer(kit.vision.path, kit.content, always=lie, head=lie)
    with pytest.raises(DownloadError, match="not kept, because its 20 kB are not a whole zip"):
        kit.download()
    assert kit.names == []


def test_a_size_that_is_not_announced_is_no_obstacle(kit):
    silent = kit.Behaviour(headers={"Content-Length": None})
    kit.server.offer(kit.vision.path, kit.content, always=silent)
    kit.download()
    assert_whole(kit)


def test_a_stream_without_end_is_cut_off(kit, monkeypatch):
    monkeypatch.setattr("tips_ros.downloads.fetch.largest_plausible", lambda file: 10_000)
    silent = kit.Behaviour(headers={"Content-Length": None})
    kit.server.offer(kit.vision.path, kit.content, always=silent)
    with pytest.raises(DownloadError, match="this is not the file"):
        kit.download()
    assert not kit.target.exists()


def test_an_announced_100_gb_is_refused_before_a_byte_is_kept(kit):
    lie = kit.Behaviour(announce=100 * 10**9)
    kit.server.offer(kit.vision.path, kit.content, always=lie, head=kit.Behaviour())
    with pytest.raises(DownloadError, match=r"100 GB or more, where about 20 kB are expected"):
        kit.download()
    assert kit.names == []
    kit.server.offer(kit.vision.path, kit.content, head=lie)
    with pytest.raises(DownloadError, match=r"100 GB or more, where about 20 kB are expected"):
        kit.download()
    assert len(kit.server.gets) == 1


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda kit: kit.content[:-300], "not a whole zip"),
        (lambda kit: kit.damaged(kit.content), "is damaged"),
        (lambda kit: b"", "it is empty"),
        (lambda kit: b"<!DOCTYPE html><p>log in</p>", "it is a web page"),
        (lambda kit: kit.npz(names=("encoder/kernel",)), "it is the scenic file"),
    ],
)
def test_what_is_not_the_file_is_not_kept(kit, spoil, reason):
    kit.server.offer(kit.vision.path, spoil(kit))
    with pytest.raises(DownloadError, match=reason) as error:
        kit.download()
    assert kit.vision.name in str(error.value) and "\n" not in str(error.value)
    assert kit.names == []


def test_a_login_page_does_not_cost_the_part_that_is_there(kit):
    kit.leave_part(kit.content, 8000)
    kind = {"Content-Type": "text/html"}
    page = kit.Behaviour(body=b"<html>log in</html>", ranges=False, headers=kind)
    kit.server.offer(kit.vision.path, kit.content, always=page, head=kit.Behaviour())
    with pytest.raises(DownloadError, match="sent a web page, not the file"):
        kit.download()
    kit.server.offer(kit.vision.path, kit.content)
    kit.download()
    assert_whole(kit)
    assert kit.server.gets[-1].range == "bytes=8000-"


def test_a_file_that_is_packed_on_the_way_is_refused(kit):
    packed = kit.Behaviour(headers={"Content-Encoding": "gzip"})
    kit.server.offer(kit.vision.path, kit.content, always=packed)
    with pytest.raises(DownloadError, match=r"sent the file packed \(gzip\)"):
        kit.download()


@pytest.mark.parametrize("status", [500, 502, 503, 408])
def test_a_server_in_trouble_is_asked_again(kit, status):
    trouble = kit.Behaviour(status=status)
    kit.server.offer(kit.vision.path, kit.content, trouble, trouble)
    kit.download()
    assert_whole(kit)
    assert kit.pauses == [1.0, 2.0]


def test_a_busy_server_says_how_long_to_wait(kit):
    busy = [kit.Behaviour(status=429, headers={"Retry-After": text}) for text in ("0", "7")]
    forever = kit.Behaviour(status=503, headers={"Retry-After": "999999"})
    kit.server.offer(kit.vision.path, kit.content, *busy, forever)
    kit.download()
    assert_whole(kit)
    assert kit.pauses == [0.0, 7.0, 60.0]


def test_a_file_that_vanishes_is_not_asked_for_again(kit):
    gone = kit.Behaviour(status=404)
    kit.server.offer(kit.vision.path, kit.content, always=gone, head=kit.Behaviour())
    with pytest.raises(DownloadError, match=r"no such file \(404\)"):
        kit.download()
    assert kit.pauses == [] and kit.names == []


def test_an_interruption_by_the_user_keeps_the_part(kit):
    kit.server.offer(kit.vision.path, kit.content, kit.Behaviour(drop_after=9000))
    progress = Counting()

    def stop(done):
        if done >= 9000:
            raise KeyboardInterrupt

    progress.on_advance = stop
    with pytest.raises(KeyboardInterrupt):
        kit.download(progress=progress)
    assert not kit.target.exists()
    kit.download()
    assert_whole(kit)
    assert kit.server.gets[-1].range == "bytes=9000-"


def test_a_full_disk_says_so_and_keeps_the_part(kit, monkeypatch):
    import errno

    from tips_ros.downloads import part_file

    def no_space(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    kit.server.offer(kit.vision.path, kit.content)
    monkeypatch.setattr(part_file.os, "fsync", no_space)
    with pytest.raises(DownloadError, match="the disk is full; make room"):
        kit.download()
    assert not kit.target.exists() and f"{kit.vision.name}.part" in kit.names
