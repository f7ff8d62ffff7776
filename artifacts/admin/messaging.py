"""Message stores, message processors and tasks."""

from django.contrib import admin

from artifacts.models import MessageProcessor, MessageStore, Task

from .artifact import ArtifactAdmin


@admin.register(MessageStore)
class MessageStoreAdmin(ArtifactAdmin):
    facts = ("name", "store_class")
    list_display = ("name", "store_class")


@admin.register(MessageProcessor)
class MessageProcessorAdmin(ArtifactAdmin):
    facts = ("name", "processor_class", "message_store", "target_endpoint")
    list_display = ("name", "message_store", "target_endpoint")


@admin.register(Task)
class TaskAdmin(ArtifactAdmin):
    facts = ("name", "task_class", "interval", "count", "cron", "once")
    list_display = ("name", "interval", "count", "cron")
