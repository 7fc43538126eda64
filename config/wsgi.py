import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from config import urls  # noqa: E402, F401 - every page's code, so that nobody's first page waits for it

# What is there now stays for good, so nobody looks through it again and again for garbage while a page is made.
gc.collect()
gc.freeze()
