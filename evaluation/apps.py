from django.apps import AppConfig


class EvaluationConfig(AppConfig):
    name = "evaluation"

    def ready(self) -> None:
        from annotation.model_side import lend_drafter
        from evaluation.drafting import PromotedModel

        lend_drafter(PromotedModel())
