"""Environment variables as settings, with mistakes told by the variable's name."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured


class Environment(environ.Env):
    """
    Args:
        file: read first if it is there; variables of the process win over it.
    """

    def __init__(self, file: Path) -> None:
        super().__init__()
        if file.is_file():
            self.read_env(file)

    def get_value(self, var: str, *args: Any, **kwargs: Any) -> Any:
        """
        Raises:
            ImproperlyConfigured: the variable has a value of another type.
        """
        try:
            return super().get_value(var, *args, **kwargs)
        except ValueError as exc:
            raise ImproperlyConfigured(f"The environment variable {var} cannot be read: {exc}") from exc

    def networks(self, var: str) -> list[IPv4Network | IPv6Network]:
        """
        Addresses and networks, such as ``10.0.0.1,2001:db8::/32``.

        Raises:
            ImproperlyConfigured: one is neither.
        """
        try:
            return [ip_network(text.strip()) for text in self.list(var, default=[])]
        except ValueError as exc:
            raise ImproperlyConfigured(f"{var}: {exc}") from exc

    def port(self, var: str, default: int) -> int:
        """
        Raises:
            ImproperlyConfigured: it is no port number.
        """
        port = self.int(var, default=default)
        if not 0 <= port <= 65535:
            raise ImproperlyConfigured(f"{var}={port} is no port: a number up to 65535, or 0 to open none")
        return port
