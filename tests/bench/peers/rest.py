"""The two tables by Django REST framework: model serializers and generic views, as its tutorial has them, without a
browsable page, sessions or middleware. Served by gunicorn, one process a core; every request is a durable commit.

    PEER_DATABASE=… gunicorn rest:application"""
import datetime
import os
import secrets
import time

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, SECRET_KEY=secrets.token_hex(), USE_TZ=True, MIDDLEWARE=[],
    INSTALLED_APPS=["rest_framework"],
    DATABASES={"default": {
        "ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["PEER_DATABASE"], "CONN_MAX_AGE": None,
        "OPTIONS": {"timeout": 10, "transaction_mode": "IMMEDIATE", "init_command": "PRAGMA synchronous = FULL"}}},
    REST_FRAMEWORK={"DEFAULT_AUTHENTICATION_CLASSES": [], "DEFAULT_PERMISSION_CLASSES": [], "UNAUTHENTICATED_USER": None,
                    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
                    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
                    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.CursorPagination", "PAGE_SIZE": 50})
django.setup()

from django.db import models, transaction  # noqa: E402
from django.shortcuts import get_object_or_404  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework import generics, serializers  # noqa: E402
from rest_framework.pagination import CursorPagination  # noqa: E402


class Decision(models.Model):
    id = models.CharField(primary_key=True, max_length=36)
    reference = models.TextField()
    title = models.TextField()
    review_id = models.TextField()
    review_reference = models.TextField()
    review_title = models.TextField()

    class Meta:
        app_label, db_table, managed = "peer", "decision", False


class ActionItem(models.Model):
    id = models.CharField(primary_key=True, max_length=36)
    reference = models.TextField()
    version = models.IntegerField(default=1)
    created_at = models.TextField()
    created_by = models.TextField(null=True)
    updated_at = models.TextField()
    updated_by = models.TextField(null=True)
    review_id = models.TextField()
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT)
    kind = models.TextField(choices=[(kind, kind) for kind in ("correction", "corrective", "preventive", "improvement",
                                                               "change")])
    title = models.CharField(max_length=200)
    description = models.CharField(max_length=20000, null=True)
    root_cause = models.CharField(max_length=5000, null=True)
    owner_id = models.CharField(max_length=36)
    deadline = models.DateField()
    success_criteria = models.JSONField()
    priority = models.TextField(choices=[(level, level) for level in ("low", "medium", "high", "critical")])
    resources = models.JSONField(null=True)
    predecessor_id = models.TextField(null=True)
    status = models.TextField(default="open")
    original_deadline = models.DateField()
    extension_count = models.IntegerField(default=0)
    progress_percent = models.IntegerField(null=True)
    completed_on = models.DateField(null=True)
    closed_on = models.DateField(null=True)
    cancelled_on = models.DateField(null=True)
    ended_at = models.TextField(null=True)
    status_reason = models.TextField(null=True)
    cancel_approved_by_id = models.TextField(null=True)

    class Meta:
        app_label, db_table, managed = "peer", "action_item", False


class Serializer(serializers.ModelSerializer):
    decision_reference = serializers.CharField(source="decision.reference", read_only=True)
    decision_title = serializers.CharField(source="decision.title", read_only=True)
    review_reference = serializers.CharField(source="decision.review_reference", read_only=True)
    review_title = serializers.CharField(source="decision.review_title", read_only=True)
    overdue = serializers.SerializerMethodField()

    class Meta:
        model = ActionItem
        fields = "__all__"
        read_only_fields = ["id", "reference", "version", "created_at", "created_by", "updated_at", "updated_by",
                            "review_id", "decision", "status", "original_deadline", "extension_count", "completed_on",
                            "closed_on", "cancelled_on", "ended_at", "status_reason", "cancel_approved_by_id"]

    def get_overdue(self, item):
        return item.deadline < datetime.date.today() and item.ended_at is None


class Pages(CursorPagination):
    ordering = "id"
    page_size = 50


def uuidv7():
    text = f"{int(time.time() * 1000) << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62):032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


class One(generics.RetrieveAPIView):
    queryset = ActionItem.objects.select_related("decision")
    serializer_class = Serializer


class Many(generics.ListAPIView):
    queryset = ActionItem.objects.select_related("decision")
    serializer_class = Serializer
    pagination_class = Pages


class Create(generics.CreateAPIView):
    queryset = ActionItem.objects.all()
    serializer_class = Serializer

    @transaction.atomic
    def perform_create(self, serializer):
        decision = get_object_or_404(Decision, pk=self.kwargs["pk"])
        now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
        id = uuidv7()
        serializer.save(id=id, reference=f"ACT-{id}", created_at=now, updated_at=now, decision=decision,
                        review_id=decision.review_id, original_deadline=serializer.validated_data["deadline"])


urlpatterns = [
    path("v1/action-items", Many.as_view()),
    path("v1/action-items/<str:pk>", One.as_view()),
    path("v1/decisions/<str:pk>/action-items", Create.as_view()),
]
application = get_wsgi_application()
