"""What is left out of log lines."""

import logging


class WithoutClientTracebacks(logging.Filter):
    """A request that is refused is one line; only what fails in the server has a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "status_code", 500) < 500:
            record.exc_info = None
        return True
