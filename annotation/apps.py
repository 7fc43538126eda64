from django.apps import AppConfig
from django.db.models.signals import post_migrate

from annotation.search_tables import keep_after_migrating


class AnnotationConfig(AppConfig):
    name = "annotation"

    def ready(self) -> None:
        post_migrate.connect(keep_after_migrating, sender=self)
