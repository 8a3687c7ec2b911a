# SPDX-License-Identifier: Apache-2.0
"""`tips_ros download` against a plain HTTP server, as a mirror would be."""

import io

import numpy as np
import pytest

from tips_ros.catalogue import MODELS
from tips_ros.cli import main
from tips_ros.downloads import progress

NAME = "tipsv2-b14"
TOKENIZER = b"\n\x05<unk>\x12\x03abc"


def content(file):
    if file.role == "tokenizer":
        return TOKENIZER
    name = "blocks.0.weight" if file.layout == "pytorch" else "decoder/kernel"
    packed = io.BytesIO()
    np.savez(packed, **{name: np.full(1000, ord(file.role[0]), np.float32)})
    return packed.getvalue()


@pytest.fixture
def mirror(http_server):
    """The address of a server with every file of one model, in both formats."""
    for file in (*MODELS[NAME].pytorch, *MODELS[NAME].scenic):
        http_server.expect_request(f"/{file.path}").respond_with_data(content(file))
    return http_server.url_for("")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The folder that models are looked up in by name."""
    monkeypatch.setenv("TIPS_ROS_MODELS", str(tmp_path / "home"))
    return tmp_path / "home"


def names(directory):
    return sorted(path.name for path in directory.iterdir())


def expected(layout="pytorch", roles=None):
    return sorted(["SHA256SUMS", *(file.name for file in MODELS[NAME].files(layout, roles))])


def test_a_model_goes_where_the_other_commands_look_for_it(mirror, home, capsys):
    assert main(["download", NAME, "--mirror", mirror]) == 0
    assert names(home / NAME) == expected()
    out = capsys.readouterr()
    assert f"Use it with --model {NAME}" in out.out
    assert "%|" not in out.err, "no bar where there is no terminal"


def test_a_second_time_everything_is_here(mirror, home, capsys):
    main(["download", NAME, "--mirror", mirror])
    capsys.readouterr()
    assert main(["download", NAME, "--mirror", mirror]) == 0
    assert capsys.readouterr().out.count("was here") == 6


def test_the_other_format_has_its_own_directory(mirror, home, capsys):
    assert main(["download", NAME, "--mirror", mirror, "--format", "scenic"]) == 0
    assert names(home / f"{NAME}-scenic") == expected("scenic")
    assert f"--model {home / NAME}-scenic" in capsys.readouterr().out


def test_some_files_into_a_chosen_directory(mirror, tmp_path, capsys):
    there = tmp_path / "robot"
    arguments = ["--mirror", mirror, "--to", str(there), "--only", "tokenizer, depth"]
    assert main(["download", NAME, *arguments]) == 0
    assert names(there) == expected(roles={"depth", "tokenizer"})
    assert f"Use it with --model {there}" in capsys.readouterr().out


def test_check_says_how_each_file_is(mirror, tmp_path, capsys):
    there = tmp_path / "robot"
    arguments = ["download", NAME, "--to", str(there)]
    main([*arguments, "--mirror", mirror, "--only", "tokenizer,depth"])
    capsys.readouterr()
    assert main([*arguments, "--check", "--only", "tokenizer,depth"]) == 0
    assert capsys.readouterr().out.count("as recorded") == 2
    assert main([*arguments, "--check"]) == 2
    told = capsys.readouterr()
    assert told.out.count("as recorded") == 2 and told.out.count("not here") == 4
    assert "_text.npz" in told.err and "missing (--only names those" in told.err
    assert told.err.count("\n") == 1
    (there / "tokenizer.model").write_bytes(TOKENIZER + TOKENIZER)
    assert main([*arguments, "--check"]) == 2
    err = capsys.readouterr().err
    assert "tokenizer.model: not as recorded" in err and err.count("\n") == 1


def test_check_of_a_model_that_is_not_here_says_how_to_get_it(home, capsys):
    assert main(["download", NAME, "--check"]) == 2
    assert f"not here; get it with: tips_ros download {NAME}" in capsys.readouterr().err


def test_the_list_has_every_model_and_every_address(capsys):
    assert main(["download", "--list"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in MODELS) and "1.1 GB" in out and "Hugging Face" in out
    assert main(["download", NAME, "--list"]) == 0
    out = capsys.readouterr().out
    assert all(f"tips_data/{file.path}\n" in out for file in MODELS[NAME].pytorch)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name a model: tipsv2-b14"),
        (["tipsv2-b15"], "did you mean tipsv2-b14"),
        (["google/tipsv2-b14-dpt"], "Hugging Face"),
        (["tips-b14", "--only", "depth"], "tips-b14 has no file depth; it has vision, text"),
        ([NAME, "--only", ","], r"no file (nothing)"),
        ([NAME, "--mirror", "file:///media/usb", "--to", "x"], "is no mirror"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_fix(arguments, message, home, capsys):
    assert main(["download", *arguments]) == 2
    err = capsys.readouterr().err
    assert message in err and err.count("\n") == 1


def test_an_interruption_says_how_to_go_on(mirror, home, capsys, monkeypatch):
    def stop(bar, count):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(progress.Bar, "advance", stop)
        assert main(["download", NAME, "--mirror", mirror]) == 130
    assert "the same command goes on from there" in capsys.readouterr().err
    assert main(["download", NAME, "--mirror", mirror]) == 0
    assert names(home / NAME) == expected()
