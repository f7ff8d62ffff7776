"""Static files of the admin, served without leaving the event loop."""

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    """
    WhiteNoise as an async middleware.

    As it comes it is synchronous only, and one such member of the chain makes Django take every request, those to proxy
    services too, through a thread and back.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response):
        super().__init__(get_response)
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest):
        static_file = self.files.get(request.path_info)
        if static_file is None:
            return self.get_response(request)
        response = self.serve(static_file, request)
        return _ready(response) if iscoroutinefunction(self) else response

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        found = static_file.get_response(request.method, request.META)
        body = b""
        if found.file is not None:
            # The assets of the admin are small; streaming them would cost a thread hop per chunk.
            with found.file as file:
                body = file.read()
        return HttpResponse(body, status=found.status, headers=dict(found.headers))


async def _ready(response: HttpResponse) -> HttpResponse:
    return response
