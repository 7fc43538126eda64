from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "training"

    def ready(self) -> None:
        from annotation.model_side import lend_tokens
        from training.tokens import of_default_model

        lend_tokens(of_default_model)
