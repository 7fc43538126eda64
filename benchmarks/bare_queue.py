"""The floor of benchmarks/annotation.py: a leased queue of prompts and nothing else, in one file of Django.

Session sign-in, CSRF, a membership check, a lease handed out, and one insert with the closing of the item in one
transaction; a page of two kilobytes. No roles, no drafts, no versions, no history, no navigation.
Served by gunicorn as `bare_queue:application`; `python bare_queue.py NUMBER` fills the database that DATABASE names.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="a" * 50,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", __name__],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ["DATABASE"],
            "CONN_MAX_AGE": 600,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    STATIC_URL="static/",
)
sys.modules.setdefault("bare_queue", sys.modules[__name__])
__path__: list[str] = [str(Path(__file__).parent)]  # Django takes a package for an app
django.setup(set_prefix=False)

from django.contrib.auth.models import User  # noqa: E402 - models need the settings
from django.db import connection, models, transaction  # noqa: E402
from django.db.models import F, Q  # noqa: E402
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden  # noqa: E402
from django.middleware.csrf import get_token  # noqa: E402
from django.shortcuts import redirect  # noqa: E402
from django.template import Context, Engine  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402


class Member(models.Model):  # noqa: DJ008
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    project = models.IntegerField()

    class Meta:
        app_label = "bare_queue"


class Item(models.Model):  # noqa: DJ008
    project = models.IntegerField()
    text = models.TextField()
    done = models.BooleanField(default=False)
    leased_by = models.IntegerField(null=True)
    leased_until = models.DateTimeField(null=True)

    class Meta:
        app_label = "bare_queue"
        indexes = [models.Index(fields=["project", "id"], condition=Q(done=False), name="open_items")]


class Answer(models.Model):  # noqa: DJ008
    item = models.OneToOneField(Item, on_delete=models.CASCADE)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "bare_queue"


class Counter(models.Model):  # noqa: DJ008
    project = models.IntegerField(unique=True)
    answers = models.IntegerField(default=0)

    class Meta:
        app_label = "bare_queue"


PAGE = Engine().from_string(
    "<!doctype html><title>Item</title><h1>Item {{ item.pk }}</h1><pre>{{ item.text }}</pre><p>{{ done }} done</p>"
    '<form method="post"><input type="hidden" name="csrfmiddlewaretoken" value="{{ token }}">'
    '<input type="hidden" name="item" value="{{ item.pk }}"><textarea name="text"></textarea>'
    "<button>Send</button></form>"
    "<!--{{ filler }}-->"
)
FILLER = "x" * 900


def work(request: HttpRequest, project: int) -> HttpResponse:
    if not request.user.is_authenticated or not Member.objects.filter(user=request.user, project=project).exists():
        return HttpResponseForbidden()
    if request.method == "POST":
        with transaction.atomic():
            item = Item.objects.filter(pk=request.POST["item"], leased_by=request.user.pk, done=False)
            if item.update(done=True):
                Answer.objects.create(item_id=request.POST["item"], user_id=request.user.pk, text=request.POST["text"])
                Counter.objects.filter(project=project).update(answers=F("answers") + 1)
        return redirect(request.path)
    return show(request, project)


def show(request: HttpRequest, project: int) -> HttpResponse:
    now = timezone.now()
    with transaction.atomic():
        free = Q(leased_until=None) | Q(leased_until__lt=now) | Q(leased_by=request.user.pk)
        item = Item.objects.filter(free, project=project, done=False).order_by("pk").first()
        if item is None:
            return HttpResponse("Nothing left")
        Item.objects.filter(pk=item.pk).update(leased_by=request.user.pk, leased_until=now + timedelta(minutes=30))
    done = Counter.objects.get(project=project).answers
    values: dict[str, Any] = {"item": item, "done": done, "token": get_token(request), "filler": FILLER}
    return HttpResponse(PAGE.render(Context(values)))


urlpatterns = [path("<int:project>/", work)]


def fill(number: int, people: int) -> None:
    """Project 1, and the session keys of its people, a line each."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command

    call_command("migrate", verbosity=0, run_syncdb=True)
    with connection.schema_editor() as editor:
        for model in (Member, Item, Answer, Counter):
            if model._meta.db_table not in connection.introspection.table_names():
                editor.create_model(model)
    Counter.objects.create(project=1)
    for start in range(0, number, 5000):
        count = min(5000, number - start)
        Item.objects.bulk_create(Item(project=1, text=f"{start + n} " + "word " * 60) for n in range(count))
    for one in range(people):
        user = User.objects.create(username=f"person-{one}")
        Member.objects.create(user=user, project=1)
        session = SessionStore()
        session.update({SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend"})
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        print(session.session_key)


if __name__ == "__main__":
    fill(int(sys.argv[1]), int(sys.argv[2]))
else:
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
