from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from training.run_dir import (
    MANIFEST,
    RunDir,
    checkpoint_problem,
    complete_checkpoint,
    directory_sha256,
    drop_torn_tail,
    finished_rows,
    newest_verified_checkpoint,
    read_rows,
    verify_adapter_files,
    verify_checkpoint,
    write_json,
    write_rows,
)


@pytest.fixture
def run_dir(tmp_path: Path) -> RunDir:
    return RunDir(tmp_path)


def test_it_writes_whole_files_and_leaves_no_scraps(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"loss": float("nan"), "steps": [1, float("inf")], "name": "§"})
    assert json.loads((tmp_path / "a.json").read_text()) == {"loss": None, "steps": [1, None], "name": "§"}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_it_keeps_the_old_file_when_the_new_one_cannot_be_written(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"old": 1})
    with pytest.raises(TypeError):
        write_json(tmp_path / "a.json", {"new": object()})
    assert json.loads((tmp_path / "a.json").read_text()) == {"old": 1}


def test_it_reads_rows_back_and_names_a_broken_line(tmp_path: Path) -> None:
    rows = [{"id": "1", "text": "line\nbreak"}, {"id": "2"}]
    assert write_rows(tmp_path / "rows.jsonl", rows) == 2
    assert read_rows(tmp_path / "rows.jsonl") == rows
    (tmp_path / "rows.jsonl").write_text('{"id": 1}\n\n{"id": \n')
    with pytest.raises(ValueError, match=r"rows\.jsonl, line 3 is not JSON"):
        read_rows(tmp_path / "rows.jsonl")
    (tmp_path / "rows.jsonl").write_text("[1]\n")
    with pytest.raises(ValueError, match="line 1 is not a JSON object"):
        read_rows(tmp_path / "rows.jsonl")


def test_it_numbers_events_so_that_a_reader_can_go_on(run_dir: RunDir) -> None:
    run_dir.append_event("phase", message="Training")
    run_dir.append_event("log", step=1, loss=float("nan"))
    first, second = run_dir.events()
    assert (first["event"], first["message"], first["line"]) == ("phase", "Training", 1)
    assert (second["loss"], second["line"]) == (None, 2)
    assert first["at"].endswith("+00:00")
    assert run_dir.events(after_line=1) == [second]
    assert RunDir(run_dir.path / "elsewhere").events() == []


def test_it_waits_for_the_end_of_a_line(run_dir: RunDir) -> None:
    run_dir.append_event("log", step=1)
    with run_dir.events_file.open("a") as file:
        file.write('{"event": "log", "st')
    assert len(run_dir.events()) == 1
    drop_torn_tail(run_dir.events_file)
    run_dir.append_event("log", step=2)
    assert [event["step"] for event in run_dir.events()] == [1, 2]
    assert len(finished_rows(run_dir.events_file)) == 2


def test_it_shows_the_end_of_the_log(run_dir: RunDir) -> None:
    assert run_dir.log_tail() == ""
    run_dir.log.write_bytes(b"one\ntwo\nthr\xffee\n")
    assert run_dir.log_tail(2) == "two\nthr\ufffdee"
    assert run_dir.log_tail(0) == ""


def test_it_has_a_result_only_when_it_is_whole(run_dir: RunDir) -> None:
    assert run_dir.result() is None
    run_dir.result_file.write_text('{"status": "succ')
    assert run_dir.result() is None
    write_json(run_dir.result_file, {"status": "succeeded"})
    assert run_dir.result() == {"status": "succeeded"}


def checkpoint(attempt: Path, step: int) -> Path:
    directory = attempt / "checkpoints" / f"checkpoint-{step}"
    (directory / "ref").mkdir(parents=True)
    (directory / "optimizer.pt").write_bytes(b"state" * step)
    (directory / "ref" / "weights").write_bytes(b"reference")
    complete_checkpoint(directory, step)
    return directory


def test_it_trusts_a_checkpoint_only_as_it_was_sealed(tmp_path: Path) -> None:
    directory = checkpoint(tmp_path, 4)
    assert verify_checkpoint(directory)

    def break_seal(**manifest: Any) -> None:
        write_json(directory / MANIFEST, {"step": 4, "files": [{"name": "x"}], **manifest})

    damages: dict[str, Callable[[], Any]] = {
        "has a changed or cut off optimizer.pt": lambda: (directory / "optimizer.pt").write_bytes(b"stale" * 4),
        "has a changed or cut off ref/weights": lambda: (directory / "ref" / "weights").write_bytes(b"ref"),
        "has no optimizer.pt": lambda: (directory / "optimizer.pt").unlink(),
        "holds extra.py, which does not belong to it": lambda: (directory / "extra.py").write_text("print()"),
        "was not completed": lambda: (directory / MANIFEST).unlink(),
        "does not say what belongs to it": lambda: break_seal(files=[]),
        "says that it is of another step": lambda: break_seal(step=5),
    }
    for problem, damage in damages.items():
        complete_checkpoint(directory, 4)
        assert verify_checkpoint(directory), problem
        damage()
        assert not verify_checkpoint(directory), problem
        assert checkpoint_problem(directory) == problem
        (directory / "extra.py").unlink(missing_ok=True)
        (directory / "optimizer.pt").write_bytes(b"state" * 4)
        (directory / "ref" / "weights").write_bytes(b"reference")


def test_it_does_not_follow_links_out_of_a_checkpoint(tmp_path: Path) -> None:
    directory = checkpoint(tmp_path, 4)
    (tmp_path / "copy").write_bytes((directory / "optimizer.pt").read_bytes())
    (directory / "optimizer.pt").unlink()
    (directory / "optimizer.pt").symlink_to(tmp_path / "copy")
    assert not verify_checkpoint(directory)


def test_it_resumes_from_the_furthest_checkpoint_that_is_whole(tmp_path: Path) -> None:
    first, second = tmp_path / "attempt-1", tmp_path / "attempt-2"
    assert newest_verified_checkpoint(first, second) is None
    checkpoint(first, 8)
    good = checkpoint(first, 12)
    damaged = checkpoint(second, 16)
    (damaged / "optimizer.pt").write_bytes(b"")
    (second / "checkpoints" / "checkpoint-x").mkdir()
    assert newest_verified_checkpoint(first, second) == good
    same_step = checkpoint(second, 12)
    assert newest_verified_checkpoint(first, second) == same_step


def test_it_hashes_a_folder_by_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("2")
    before = directory_sha256(tmp_path)
    assert before == directory_sha256(tmp_path)
    (tmp_path / "b").rename(tmp_path / "c")
    renamed = directory_sha256(tmp_path)
    (tmp_path / "c").write_text("3")
    assert len({before, renamed, directory_sha256(tmp_path)}) == 3


def adapter(directory: Path, **weights: np.ndarray) -> Path:
    directory.mkdir(exist_ok=True)
    save_file(dict(weights), directory / "adapter_model.safetensors")
    write_json(directory / "adapter_config.json", {"r": 2})
    return directory


def test_it_publishes_only_adapters_that_learned_something(tmp_path: Path) -> None:
    down, up, zero = np.ones((2, 3), "f4"), np.full((3, 2), 0.5, "f4"), np.zeros((3, 2), "f4")
    assert verify_adapter_files(adapter(tmp_path / "a", lora_A=down, lora_B=up)) == []
    assert verify_adapter_files(adapter(tmp_path / "a", lora_A=down.astype("f2"), lora_B=up.astype("f8"))) == []
    (problem,) = verify_adapter_files(adapter(tmp_path / "a", lora_A=down, lora_B=zero))
    assert "learned nothing" in problem
    (problem,) = verify_adapter_files(adapter(tmp_path / "a", lora_A=down * np.nan, lora_B=up))
    assert "not finite" in problem
    (problem,) = verify_adapter_files(adapter(tmp_path / "a", other=up))
    assert "no LoRA weights" in problem
    (problem,) = verify_adapter_files(adapter(tmp_path / "a", lora_B=np.ones((2, 2), "i4")))
    assert "unexpected type I32" in problem


def test_it_reads_bfloat16_adapters(tmp_path: Path) -> None:
    header = {"lora_B": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}
    packed = json.dumps(header).encode()

    def publish(body: bytes) -> list[str]:
        content = len(packed).to_bytes(8, "little") + packed + body
        (tmp_path / "adapter_model.safetensors").write_bytes(content)
        write_json(tmp_path / "adapter_config.json", {})
        return verify_adapter_files(tmp_path)

    assert publish(b"\x80\x3f\x00\x00") == []
    assert "not finite" in publish(b"\x80\x7f\x00\x00")[0]
    assert "cut off" in publish(b"\x80\x3f")[0]


def test_it_names_what_an_adapter_folder_lacks_or_has_too_much(tmp_path: Path) -> None:
    assert verify_adapter_files(tmp_path / "none") == ["The round left no adapter."]
    (tmp_path / "optimizer.pt").write_bytes(b"")
    problems = verify_adapter_files(tmp_path)
    assert any("does not belong: optimizer.pt" in problem for problem in problems)
    assert any("has no adapter_config.json" in problem for problem in problems)
    (tmp_path / "optimizer.pt").unlink()
    (tmp_path / "adapter_model.safetensors").write_bytes(b"junk")
    (tmp_path / "adapter_config.json").write_text("[]")
    problems = verify_adapter_files(tmp_path)
    assert any("cannot be read" in problem for problem in problems)
    assert any("not a JSON object" in problem for problem in problems)
