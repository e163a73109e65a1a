"""The one kind of page of this site."""

from __future__ import annotations

from django.db import models
from wagtail.models import Page


class HomePage(Page):
    body = models.TextField(blank=True)

    class Meta:
        app_label = "home"
