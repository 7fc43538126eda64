"""The default base model's own count of tokens, for the screens of those who write. No model is loaded for it."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from annotation.model_side import Tokens
from training.models import BaseModel

AROUND = 12  # where the folder does not tell


def of_default_model() -> Tokens | None:
    base = BaseModel.objects.default()
    if base is None:
        return None
    file = base.directory / "tokenizer.json"
    return Tokens(file, _around(file.parent)) if file.exists() else None


@lru_cache(maxsize=4)
def _around(folder: Path) -> int:
    """What the chat template sets around a question and its answer, in tokens; counted once."""
    from tokenizers import Tokenizer

    try:
        settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        template = (folder / "chat_template.jinja").read_text(encoding="utf-8")
        told = {name: settings.get(name) or "" for name in ("bos_token", "eos_token")}
        rendered = _rendered(template, told)
        return len(Tokenizer.from_file(str(folder / "tokenizer.json")).encode(rendered, add_special_tokens=False).ids)
    except Exception:  # whatever is wrong with a folder's files, the count is then off by a few
        return AROUND


def _rendered(template: str, told: dict[str, str]) -> str:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    empty = [{"role": "user", "content": ""}, {"role": "assistant", "content": ""}]
    return environment.from_string(template).render(messages=empty, add_generation_prompt=False, **told)
