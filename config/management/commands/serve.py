from __future__ import annotations

import ctypes
import ipaddress
import os
import signal
import socket
import subprocess
import sys
import time
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from annotation.actions.members import new_link
from annotation.models import Project

DEMO_PEOPLE = ["erin", "rita", "ada"]
RESTART_PAUSE_SECONDS = 1.0


class Command(BaseCommand):
    help = "Bring everything up to date, then run the web server and the worker until Ctrl+C."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"))
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))
        parser.add_argument(
            "--no-demo", action="store_true", help="do not load the demo project into an empty database"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        if settings.DEBUG and not _is_this_machine(host):
            raise CommandError(
                f"DEBUG shows settings and texts to whoever meets an error, so it is not served on {host}. "
                "Leave DEBUG out, or serve on 127.0.0.1."
            )
        if _taken(host, port):
            raise CommandError(f"Port {port} is in use. Stop what runs there, or choose another: PORT=8001 make run")
        self.get_ready(load_demo=not options["no_demo"])
        children = {name: _start(command) for name, command in commands(host, port).items()}
        _wait_until_it_answers(host, port, children["web"])
        self.print_links(f"http://localhost:{port}" if host == "127.0.0.1" else f"http://{host}:{port}")
        keep_running(children, commands(host, port))

    def get_ready(self, *, load_demo: bool) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        call_command("prepare_base_model", verbosity=0)
        if load_demo and not Project.objects.exists():
            call_command("load_demo")

    def print_links(self, address: str) -> None:
        self.stdout.write(f"\nPreceptor runs on {address}\n")
        # Whoever has set a password needs no link, and is no demo person but somebody of that name.
        without_password = User.objects.filter(password__startswith=UNUSABLE_PASSWORD_PREFIX)
        people = without_password.filter(username__in=DEMO_PEOPLE).order_by("date_joined")
        roles = dict(
            Project.objects.filter(memberships__user__in=people).values_list("memberships__user", "memberships__role")
        )
        if people:
            self.stdout.write(f"One-time sign-in links (each works once, for {settings.SIGN_IN_LINK_HOURS} hours):")
        for user in people:
            link = address + reverse("sign_in_link", args=[new_link(user=user, by=None)])
            self.stdout.write(f"  {roles.get(user.pk, ''):<9} {user.get_full_name():<16} {link}")
        self.stdout.write("\nCtrl+C stops it; all data stays in " + str(settings.DATA_DIR))
        self.stdout.flush()


WORKER = ["--workers", "4", "--worker-type", "thread", "--max-delay", "1"]


def commands(host: str, port: int) -> dict[str, list[str]]:
    python = sys.executable
    # Threads with keep-alive: a new connection per call would halve the throughput.
    web = ["gunicorn", "config.wsgi", "--bind", f"{host}:{port}", "--worker-class", "gthread"]
    # glibc gives each thread a heap of its own, and keeps what pages once needed in all of them.
    one_heap = ["env", "MALLOC_ARENA_MAX=2"]
    return {
        "web": [*one_heap, python, "-m", *web, "--workers", "2", "--threads", "8", "--log-level", "warning"],
        # Thread workers: a killed consumer of processes leaves orphans that go on taking work.
        # After a quiet hour it would look for work every ten seconds only.
        "worker": [python, "manage.py", "run_huey", *WORKER, "--quiet"],
    }


def _is_this_machine(host: str) -> bool:
    """Whether only this machine can reach an address; of names, that is known of one."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _taken(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def _die_with_parent() -> None:
    """Linux: the kernel ends this child when `serve` is killed, so that the next start finds the port free."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, cwd=settings.BASE_DIR, preexec_fn=_die_with_parent)


def _wait_until_it_answers(host: str, port: int, web: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if web.poll() is not None:
            raise CommandError("The web server ended while starting; its message is above.")
        with socket.socket() as probe:
            if probe.connect_ex((host, port)) == 0:
                return
        time.sleep(0.1)
    raise CommandError("The web server did not answer within 30 seconds.")


def keep_running(children: dict[str, subprocess.Popen[bytes]], how: dict[str, list[str]]) -> None:
    """Start a child again when it ends by itself; end all of them on Ctrl+C or SIGTERM."""

    def stop(signum: int, frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    try:
        while True:
            for name, child in children.items():
                if child.poll() is not None:
                    time.sleep(RESTART_PAUSE_SECONDS)
                    children[name] = _start(how[name])
            time.sleep(0.5)
    except KeyboardInterrupt:
        for child in children.values():
            child.terminate()
        for child in children.values():
            child.wait(timeout=60)
