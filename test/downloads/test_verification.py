# SPDX-License-Identifier: Apache-2.0
"""Files compared with their ledger, without a network."""

import pytest

from tips_ros.downloads.verification import FileState, verify


@pytest.fixture
def there(kit):
    kit.server.offer(kit.vision.path, kit.content)
    kit.download()
    kit.server.close()
    return kit


def verdicts(kit):
    return [report.verdict for report in verify(kit.directory, (kit.vision, kit.tokenizer))]


def test_a_fetched_file_is_good_and_a_missing_one_only_told(there):
    assert verdicts(there) == [FileState.GOOD, FileState.ABSENT]


def test_a_changed_file_is_bad(there):
    there.target.write_bytes(there.damaged(there.content))
    assert verdicts(there)[0] == FileState.BAD


def test_a_recorded_file_that_is_gone_is_lost(there):
    there.target.unlink()
    assert verdicts(there)[0] == FileState.LOST


def test_a_copied_file_is_whole_or_bad(there):
    (there.directory / "SHA256SUMS").unlink()
    assert verdicts(there)[0] == FileState.UNRECORDED
    there.target.write_bytes(there.content[:-300])
    assert verdicts(there)[0] == FileState.BAD


def test_what_has_arrived_so_far_is_told(there):
    there.target.unlink()
    (there.directory / "SHA256SUMS").unlink()
    there.leave_part(there.content, 5000)
    (report, _) = verify(there.directory, (there.vision, there.tokenizer))
    assert (report.verdict, report.note) == (FileState.ABSENT, "5 kB of about 20 kB are here")
    assert not report.is_problem
