"""Mail, where the installation has a mail server; everything works without one."""

import logging
import smtplib

from django.conf import settings
from django.core.mail import send_mail

logger = logging.getLogger(__name__)


def is_configured() -> bool:
    return bool(settings.EMAIL_HOST)


def send(subject: str, text: str, address: str) -> bool:
    """Waits for the mail server. False if it did not take the mail; why is in the log, without what the mail says."""
    try:
        return bool(send_mail(subject, text, None, [address]))
    except (smtplib.SMTPException, OSError) as error:
        logger.warning("The mail server %s did not take a mail: %s", settings.EMAIL_HOST, error)
        return False
