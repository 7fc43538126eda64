from __future__ import annotations

from functools import lru_cache

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Files under the names of their content, which a process asks for once: pages have a dozen of them."""

    @lru_cache(maxsize=1_024)  # noqa: B019 - there is one storage, as long as the process
    def url(self, name: str | None, force: bool = False) -> str:
        return super().url(name, force)
