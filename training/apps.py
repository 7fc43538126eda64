from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "training"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate, pre_migrate

        from annotation import informative
        from annotation.exports import frozen
        from annotation.model_side import lend_tokens
        from training import doubt, immutable
        from training.freezing import taking_out
        from training.tokens import of_default_model

        lend_tokens(of_default_model)
        frozen.finders.append(taking_out.found)
        informative.doubts.append(doubt.of_prompts)
        pre_migrate.connect(immutable.release, sender=self)
        post_migrate.connect(immutable.guard, sender=self)
