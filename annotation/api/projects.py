from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import generics, serializers, status
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation import project_rules
from annotation.actions import Refused, members, projects
from annotation.actions.guidelines import write_guidelines
from annotation.api.base import InProject, require_valid
from annotation.forms.projects import MOST_PER_ITEM, InvitationForm, checked
from annotation.models import Guidelines, Membership, Project, Role
from annotation.rubric import DEFAULT_CRITERIA


def short_texts(most: int) -> serializers.ListField:
    child = serializers.CharField(max_length=project_rules.LONGEST_HEADING)
    return serializers.ListField(child=child, required=False, max_length=most)


class ProjectSerializer(serializers.ModelSerializer):
    sections = serializers.ListField(child=serializers.CharField(max_length=80), required=False, max_length=30)
    rubric = serializers.DictField(
        child=serializers.DictField(child=serializers.CharField(max_length=200)),
        required=False,
        help_text="Criterion, then score, then its wording. What is left out keeps the usual wording.",
    )
    keywords = short_texts(project_rules.MOST_KEYWORDS)
    ranking_reasons = short_texts(project_rules.MOST_REASONS)
    criteria_compared = short_texts(len(DEFAULT_CRITERIA))
    token_limit = serializers.IntegerField(min_value=64, max_value=131_072, required=False)
    answers_per_prompt = serializers.IntegerField(min_value=1, max_value=MOST_PER_ITEM, required=False)
    rankings_per_comparison = serializers.IntegerField(min_value=1, max_value=MOST_PER_ITEM, required=False)
    reviews_per_output = serializers.IntegerField(min_value=1, max_value=MOST_PER_ITEM, required=False)
    repeat_percent = serializers.IntegerField(min_value=0, max_value=50, required=False)
    gold_percent = serializers.IntegerField(min_value=0, max_value=50, required=False)
    pass_mark = serializers.IntegerField(min_value=0, max_value=100, required=False)
    role = serializers.SerializerMethodField(help_text="Your role in it.")

    class Meta:
        model = Project
        fields = [
            "id",
            "name",
            "objective",
            "success_criteria",
            "instruction_template",
            "sections",
            "dated_section",
            "keywords",
            "language",
            "token_limit",
            "drafts_by_model",
            "rubric",
            "answers_per_prompt",
            "rankings_per_comparison",
            "reviews_per_output",
            "criteria_compared",
            "ranking_reasons",
            "reason_required",
            "repeat_percent",
            "gold_percent",
            "pass_mark",
            "consensus",
            "informative_first",
            "role",
            "created_at",
        ]
        read_only_fields = ["id", "created_at"]

    @extend_schema_field(serializers.ChoiceField(choices=Role.choices))
    def get_role(self, project: Project) -> str | None:
        return project.role_of(self.context["request"].user)

    def validate_instruction_template(self, template: str) -> str:
        return checked(project_rules.check_template, template)

    def validate_sections(self, sections: list[str]) -> list[str]:
        return checked(project_rules.check_sections, sections)

    def validate_keywords(self, keywords: list[str]) -> list[str]:
        return checked(project_rules.check_keywords, keywords)

    def validate_ranking_reasons(self, reasons: list[str]) -> list[str]:
        return checked(project_rules.check_ranking_reasons, reasons)

    def validate_criteria_compared(self, criteria: list[str]) -> list[str]:
        return checked(project_rules.check_criteria_compared, criteria)

    def validate_rubric(self, rubric: dict[str, Any]) -> dict[str, dict[str, str]]:
        return checked(project_rules.check_rubric, rubric)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        sections = attrs.get("sections", self.instance.sections if self.instance else [])
        dated = attrs.get("dated_section", self.instance.dated_section if self.instance else "")
        try:
            attrs["dated_section"] = project_rules.check_dated_section(dated, sections)
        except ValueError as error:
            raise serializers.ValidationError({"dated_section": [str(error)]}) from None
        return attrs


class NewProjectSerializer(ProjectSerializer):
    guidelines = serializers.CharField(required=False, allow_blank=True, max_length=100_000, write_only=True)

    class Meta(ProjectSerializer.Meta):
        fields = [*ProjectSerializer.Meta.fields, "guidelines"]


class ProjectList(generics.ListAPIView):
    """The projects you are a member of; people who run the installation make new ones."""

    serializer_class = ProjectSerializer
    permission_classes = [IsAuthenticated]

    def get_queryset(self) -> QuerySet[Project]:
        return Project.objects.visible_to(self.request.user)

    @extend_schema(request=NewProjectSerializer, responses={201: ProjectSerializer})
    def post(self, request: Request) -> Response:
        assert isinstance(request.user, User)
        if not request.user.is_staff:
            raise PermissionDenied("Only people who run this installation make projects.")
        serializer = NewProjectSerializer(data=request.data, context={"request": request})
        serializer.is_valid(raise_exception=True)
        project = projects.create_project(by=request.user, **serializer.validated_data)
        return Response(ProjectSerializer(project, context={"request": request}).data, status.HTTP_201_CREATED)


class ProjectDetail(InProject, APIView):
    acts = {"GET": "open project", "PATCH": "manage"}

    @extend_schema(responses=ProjectSerializer)
    def get(self, request: Request, pk: str) -> Response:
        return Response(ProjectSerializer(self.project, context={"request": request}).data)

    @extend_schema(request=ProjectSerializer(partial=True), responses=ProjectSerializer)
    def patch(self, request: Request, pk: str) -> Response:
        serializer = ProjectSerializer(self.project, data=request.data, partial=True, context={"request": request})
        serializer.is_valid(raise_exception=True)
        projects.change_project(project=self.project, by=self.person, **serializer.validated_data)
        self.project.refresh_from_db()
        return Response(ProjectSerializer(self.project, context={"request": request}).data)


# --- Members ------------------------------------------------------------------------------------------------


class MemberSerializer(serializers.ModelSerializer):
    username = serializers.CharField(source="user.username")
    name = serializers.CharField(source="user.get_full_name", read_only=True)

    class Meta:
        model = Membership
        fields = ["id", "username", "name", "role", "created_at"]
        read_only_fields = ["created_at"]


class NewMemberSerializer(serializers.Serializer):
    username = serializers.CharField(max_length=150)
    role = serializers.ChoiceField(choices=Role.choices)
    name = serializers.CharField(
        max_length=150, required=False, help_text="For a person without an account: one is made, and a sign-in link."
    )


class AddedMemberSerializer(MemberSerializer):
    sign_in_link = serializers.CharField(read_only=True, help_text="Shown this once; empty for known people.")

    class Meta(MemberSerializer.Meta):
        fields = [*MemberSerializer.Meta.fields, "sign_in_link"]


class RoleSerializer(serializers.Serializer):
    role = serializers.ChoiceField(choices=Role.choices)


class MemberList(InProject, generics.ListAPIView):
    queryset = Membership.objects.none()
    serializer_class = MemberSerializer
    pagination_class = None

    def get_queryset(self) -> QuerySet[Membership]:
        return self.project.memberships.select_related("user")

    @extend_schema(request=NewMemberSerializer, responses={201: AddedMemberSerializer})
    def post(self, request: Request, pk: str) -> Response:
        serializer = NewMemberSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        link = ""
        user = User.objects.filter(username=data["username"], is_active=True).first()
        if user is not None:
            membership = members.add_member(project=self.project, user=user, role=data["role"], by=self.person)
        else:
            membership, token = members.invite(project=self.project, by=self.person, **self._new(data))
            link = request.build_absolute_uri(reverse("sign_in_link", args=[token]))
        return Response({**MemberSerializer(membership).data, "sign_in_link": link}, status.HTTP_201_CREATED)

    def _new(self, data: dict[str, str]) -> dict[str, str]:
        if not data.get("name"):
            raise serializers.ValidationError({"username": ["Nobody has this user name; give a name to invite them."]})
        form = InvitationForm(data)
        require_valid(form)
        return form.cleaned_data


class MemberDetail(InProject, APIView):
    acts = {"PATCH": "manage", "DELETE": "manage"}

    @extend_schema(request=RoleSerializer, responses=MemberSerializer)
    def patch(self, request: Request, pk: str, membership_pk: int) -> Response:
        membership = get_object_or_404(self.project.memberships, pk=membership_pk)
        serializer = RoleSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        members.change_role(membership=membership, role=serializer.validated_data["role"], by=self.person)
        membership.refresh_from_db()
        return Response(MemberSerializer(membership).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: str, membership_pk: int) -> Response:
        membership = get_object_or_404(self.project.memberships, pk=membership_pk)
        members.remove_member(membership=membership, by=self.person)
        return Response(status=status.HTTP_204_NO_CONTENT)


class LinkSerializer(serializers.Serializer):
    sign_in_link = serializers.CharField(help_text="Shown this once; signs them in once. Earlier links stop working.")


class MemberLink(InProject, APIView):
    """A new one-time link for somebody who cannot sign in. Not where it would open more than you administer."""

    acts = {"POST": "manage"}

    @extend_schema(request=None, responses={201: LinkSerializer})
    def post(self, request: Request, pk: str, membership_pk: int) -> Response:
        membership = get_object_or_404(self.project.memberships.select_related("user"), pk=membership_pk)
        try:
            token = members.link_for_member(membership=membership, by=self.person)
        except Refused as refused:
            raise PermissionDenied(str(refused)) from None
        link = request.build_absolute_uri(reverse("sign_in_link", args=[token]))
        return Response({"sign_in_link": link}, status.HTTP_201_CREATED)


# --- Guidelines ---------------------------------------------------------------------------------------------


class GuidelinesSerializer(serializers.ModelSerializer):
    text = serializers.CharField(max_length=100_000)

    class Meta:
        model = Guidelines
        fields = ["version", "text", "created_at"]
        read_only_fields = ["version", "created_at"]


class GuidelinesList(InProject, generics.ListAPIView):
    """All versions, the current one first. Posting a text makes the next version."""

    acts = {"GET": "open project", "POST": "manage"}
    queryset = Guidelines.objects.none()
    serializer_class = GuidelinesSerializer
    pagination_class = None

    def get_queryset(self) -> QuerySet[Guidelines]:
        return self.project.guidelines.order_by("-version")

    @extend_schema(request=GuidelinesSerializer, responses={201: GuidelinesSerializer})
    def post(self, request: Request, pk: str) -> Response:
        serializer = GuidelinesSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        made = write_guidelines(project=self.project, text=serializer.validated_data["text"], by=self.person)
        return Response(GuidelinesSerializer(made).data, status.HTTP_201_CREATED)
