from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.actions.corpus import CorpusRefused, delete_documents, import_documents
from annotation.api.base import InProject, require_valid
from annotation.corpus import read_files
from annotation.forms.corpus import CorpusForm, CorpusSearchForm
from annotation.models import Document
from annotation.search import WHAT_IT_FINDS, find


class DocumentSerializer(serializers.ModelSerializer[Document]):
    class Meta:
        model = Document
        fields = ["id", "title", "group", "split", "source", "words", "sha256", "created_at"]


class DocumentDetailSerializer(DocumentSerializer):
    class Meta(DocumentSerializer.Meta):
        fields = [*DocumentSerializer.Meta.fields, "text"]


class NewDocumentsSerializer(serializers.Serializer[Any]):
    files = serializers.ListField(child=serializers.FileField(), help_text=".txt, .md, .jsonl or .zip")


class CorpusCountsSerializer(serializers.Serializer[Any]):
    new = serializers.IntegerField()
    known = serializers.IntegerField(help_text="Passed over: the project has these texts already.")
    words = serializers.IntegerField()
    validation = serializers.IntegerField(help_text="Held out to measure with; the model does not read these.")
    problems = serializers.IntegerField()


class FaultSerializer(serializers.Serializer[Any]):
    where = serializers.CharField()
    reason = serializers.CharField()


class CorpusRefusedSerializer(serializers.Serializer[Any]):
    detail = serializers.CharField()
    problems = FaultSerializer(many=True, help_text="The first fifty.")


class Corpus(InProject, generics.ListAPIView[Document]):
    """The project's texts without their words; `q` searches. Posting files imports all of them or none."""

    serializer_class = DocumentSerializer
    parser_classes = [MultiPartParser, FormParser]
    queryset = Document.objects.none()

    def get_queryset(self) -> QuerySet[Document]:
        asked = self.request.query_params
        search = CorpusSearchForm(asked).search or asked.get("search", "")
        return find(self.project.documents.all(), self.project, search).defer("text")

    @extend_schema(
        parameters=[
            OpenApiParameter("search", str, description=WHAT_IT_FINDS),
            OpenApiParameter("q", str, description="The same, as it was called first."),
        ]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        request={"multipart/form-data": NewDocumentsSerializer},
        responses={201: CorpusCountsSerializer, 400: CorpusRefusedSerializer},
    )
    def post(self, request: Request, pk: str) -> Response:
        form = CorpusForm(request.POST, request.FILES)
        require_valid(form)
        files = [(str(file.name), file.file) for file in form.cleaned_data["files"]]
        texts = read_files(files, settings.MAX_IMPORT_BYTES)
        try:
            counts = import_documents(project=self.project, texts=texts, by=self.person)
        except CorpusRefused as refused:
            problems = {"detail": str(refused), "problems": refused.counts.first_problems}
            return Response(problems, status.HTTP_400_BAD_REQUEST)
        return Response(counts.numbers(), status.HTTP_201_CREATED)


class DocumentDetail(InProject, APIView):
    acts = {"GET": "manage", "DELETE": "manage"}

    @extend_schema(responses=DocumentDetailSerializer)
    def get(self, request: Request, pk: str, document_pk: str) -> Response:
        return Response(DocumentDetailSerializer(get_object_or_404(self.project.documents, pk=document_pk)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: str, document_pk: str) -> Response:
        found = get_object_or_404(self.project.documents, pk=document_pk)
        chosen = self.project.documents.filter(pk=found.pk)
        delete_documents(project=self.project, documents=chosen, by=self.person)
        return Response(status=status.HTTP_204_NO_CONTENT)
