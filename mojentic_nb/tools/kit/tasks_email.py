"""Sending an e-mail.

Law: what is sent cannot be taken back, so a person is asked first. The server is one the
policy names, reached at the number found for it, and a password goes only over a
connection nobody can listen to.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from ipaddress import ip_address
from typing import Any, Literal

from typing_extensions import TypedDict

from mojentic_nb.errors import BadArgument, ToolError
from mojentic_nb.tools.address import checked_host
from mojentic_nb.tools.apart import Apart
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.kit_tool import KitTool
from mojentic_nb.tools.policy import Policy
from mojentic_nb.tools.variables import is_named, variable

__all__ = ["EmailSendTool", "EmailSent"]

Security = Literal["starttls", "tls", "none"]

# People one message may go to.
MOST_PEOPLE = 50

UNSURE = "It may or may not have taken the mail; ask before you send it again."

# Seconds on top of the time for all, which is up first; then nobody waits here any more.
GRACE_S = 5.0


class EmailSent(TypedDict):
    """What the mail server took; `refused` people with its reason."""

    message_id: str
    accepted: list[str]
    refused: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Server:
    host: str
    port: int
    security: Security
    user: str
    password: str


class EmailSendTool(KitTool):
    """Sends an e-mail through a mail server.

    Args:
        policy: What it may do; the mail server's host must be named in it.
        host: The mail server; by default the variable SMTP_HOST. This variable and the
            following ones are read only where the policy names them.
        port: By default SMTP_PORT, or what `security` uses.
        sender: Address the mail comes from; by default SMTP_FROM, or the user.
        user: By default SMTP_USER; nobody logs in where there is none.
        password: By default SMTP_PASSWORD.
        security: `starttls`, `tls`, or `none`, which a password is never sent over
            except on this machine.
        tracer: See `KitTool`.
    """

    tool_name = "email_send"
    facts = Facts(
        category="communication & tasks",
        effects=frozenset({"network", "writes"}),
        is_destructive=True,
        examples=(
            Example(
                arguments={
                    "to": ["ada@example.org"],
                    "subject": "The run is finished",
                    "body": "All 12 models answered.",
                },
                says="to one person",
            ),
        ),
        guidance="Sent is sent: after an error in the middle of sending ask before trying again.",
    )

    def __init__(
        self,
        policy: Policy | None = None,
        *,
        host: str = "",
        port: int | None = None,
        sender: str = "",
        user: str = "",
        password: str = "",
        security: Security = "starttls",
        tracer: Any = None,
    ) -> None:
        super().__init__(policy, tracer=tracer)
        if security not in ("starttls", "tls", "none"):
            raise BadArgument(f"security={security!r} is none of starttls, tls and none.")

        self._host, self._port, self._security = host, port, security
        self._sender, self._user, self._password = sender, user, password

    def run(
        self,
        to: list[str],
        *,
        subject: str,
        body: str,
        cc: list[str] | None = None,
        bcc: list[str] | None = None,
        reply_to: str = "",
        html: str = "",
    ) -> EmailSent:
        """Send one e-mail of plain text.

        Args:
            to: Addresses of those it is for.
            subject: One line.
            body: The text.
            cc: Addresses of those who get a copy.
            bcc: Addresses of those who get a copy without the others' knowing.
            reply_to: Address for answers, where it is not the sender's.
            html: The same text with HTML, for those who read that.
        """
        self.policy.check(("writes",), whose=self.tool_name)
        people = [_address(one) for one in [*to, *(cc or []), *(bcc or [])]]
        if not to or len(people) > MOST_PEOPLE:
            raise ToolError(
                f"The mail is for {len(people)} people.", hint=f"Name 1 to {MOST_PEOPLE}."
            )

        server = self._server()
        message = self._message(server, to, cc or [], subject, body)
        if reply_to:
            message["Reply-To"] = _address(reply_to)
        if html:
            message.add_alternative(html, subtype="html")
        refused = self._delivered(server, message, people)
        return {
            "message_id": str(message["Message-ID"]),
            "accepted": [one for one in people if one not in refused],
            "refused": refused,
        }

    def _server(self) -> _Server:
        host = self._host or self._told("SMTP_HOST")
        if not host:
            raise ToolError("No mail server is known.", hint="EmailSendTool(policy, host=…).")

        port = (
            self._port
            or self._told("SMTP_PORT")
            or {"tls": 465, "starttls": 587, "none": 25}[self._security]
        )
        if not str(port).isdecimal() or not 0 < int(port) < 65536:
            raise ToolError(f"The mail server's port {port!r} is no port.")

        return _Server(
            host=host,
            port=int(port),
            security=self._security,
            user=self._user or self._told("SMTP_USER"),
            password=self._password or self._told("SMTP_PASSWORD"),
        )

    def _told(self, name: str) -> str:
        return variable(name, policy=self.policy) if is_named(name, self.policy) else ""

    def _message(
        self, server: _Server, to: list[str], cc: list[str], subject: str, body: str
    ) -> EmailMessage:
        sender = self._sender or self._told("SMTP_FROM") or server.user
        if not sender:
            raise ToolError("No sender is known.", hint="EmailSendTool(policy, sender=…).")
        if re.search(r"[\r\n\0]", subject):
            raise ToolError("The subject has more than one line.", hint="Write it in one.")

        message = EmailMessage()
        message["From"] = _address(sender)
        message["To"] = ", ".join(map(_address, to))
        if cc:
            message["Cc"] = ", ".join(map(_address, cc))
        message["Subject"] = subject
        message["Date"] = formatdate()
        # Not the machine's own name, which is nobody's business.
        message["Message-ID"] = make_msgid(domain=_address(sender).rpartition("@")[2])
        message.set_content(body)
        size = len(bytes(message))
        if size > self.policy.limits.write_bytes:
            raise ToolError(
                f"The mail has {size} bytes; {self.policy.limits.write_bytes} are allowed.",
                hint="Shorten it.",
            )

        return message

    def _delivered(
        self, server: _Server, message: EmailMessage, people: list[str]
    ) -> dict[str, str]:
        limit_s = self.policy.limits.seconds

        def deliver() -> dict[str, str] | BaseException:
            try:
                return _deliver(server, message, people, policy=self.policy)
            except Exception as problem:
                return problem

        try:
            outcome = Apart(deliver).result(limit_s)
        except TimeoutError:
            outcome = ToolError(
                f"The mail server did not finish within {limit_s:g} s.", hint=UNSURE
            )
        if isinstance(outcome, BaseException):
            raise _told_problem(outcome, server)

        refused: dict[str, str] = outcome
        return refused


def _deliver(
    server: _Server, message: EmailMessage, people: list[str], *, policy: Policy
) -> dict[str, str]:
    ips = checked_host(server.host, policy, port=server.port)
    with _connected(server, ips, policy.limits.seconds + GRACE_S) as line:
        if server.security == "starttls":
            line.starttls(context=ssl.create_default_context())
        if server.user:
            if server.security == "none" and not all(ip_address(ip).is_loopback for ip in ips):
                raise ToolError(
                    "The password was not sent: anybody could listen.",
                    hint="EmailSendTool(policy, security='starttls').",
                )
            line.login(server.user, server.password)
        refused = line.send_message(message, to_addrs=people)

    return {name: _said(why) for name, why in refused.items()}


def _connected(server: _Server, ips: tuple[str, ...], timeout_s: float) -> smtplib.SMTP:
    kind = _pinned_secure(ips[0]) if server.security == "tls" else _pinned(ips[0])
    try:
        # Else the library looks this machine's name up, and tells it.
        return kind(server.host, server.port, local_hostname="[127.0.0.1]", timeout=timeout_s)
    except OSError:
        if len(ips) == 1:
            raise

    return _connected(server, ips[1:], timeout_s)


def _pinned(ip: str) -> Callable[..., smtplib.SMTP]:
    """A connection to this number; the name stays what certificates are compared with."""

    class Pinned(smtplib.SMTP):
        def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
            return socket.create_connection((ip, port), timeout)

    return Pinned


def _pinned_secure(ip: str) -> Callable[..., smtplib.SMTP]:
    class PinnedSecure(smtplib.SMTP_SSL):
        def _get_socket(self, host: str, port: int, timeout: float) -> ssl.SSLSocket:
            line = socket.create_connection((ip, port), timeout)
            return self.context.wrap_socket(line, server_hostname=host)

    def connect(host: str, port: int, **terms: Any) -> smtplib.SMTP:
        return PinnedSecure(host, port, context=ssl.create_default_context(), **terms)

    return connect


def _told_problem(problem: BaseException, server: _Server) -> BaseException:
    """What went wrong, without what was sent: a protocol's dialogue holds passwords."""
    where = f"The mail server {server.host!r}"
    if isinstance(problem, ToolError):
        return problem.alone()
    if isinstance(problem, smtplib.SMTPAuthenticationError):
        return ToolError(f"{where} did not accept user and password.")
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        said = {name: _said(why) for name, why in problem.recipients.items()}
        return ToolError(f"{where} refused everybody: {said}.", hint="Look at the addresses.")
    if isinstance(problem, smtplib.SMTPSenderRefused):
        return ToolError(f"{where} refused the sender {problem.sender!r}.")
    if isinstance(problem, smtplib.SMTPServerDisconnected):
        return ToolError(f"{where} hung up.", hint=UNSURE)
    if isinstance(problem, smtplib.SMTPNotSupportedError):
        return ToolError(f"{where} cannot do what was asked: {problem}", hint="Look at security=.")
    if isinstance(problem, smtplib.SMTPResponseException):
        return ToolError(f"{where} said {_said((problem.smtp_code, problem.smtp_error))}.")

    return ToolError(f"{where} could not be reached ({type(problem).__name__}).")


def _said(why: Any) -> str:
    code, text = why
    return f"{code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"[:200]


def _address(written: str) -> str:
    """An address as `name@host` in ASCII, without a name to show beside it."""
    try:
        if re.search(r"[\s<>,;:\"\x00-\x1f\x7f]", written.strip()):
            raise ValueError(written)
        found = Address(addr_spec=written.strip())
        host = found.domain.encode("idna").decode("ascii")
        if not found.username.isascii() or not host:
            raise ValueError(written)
    except Exception:  # the standard library raises many kinds here; all mean one thing
        raise ToolError(
            f"{written[:100]!r} is no e-mail address.", hint="Write it as in ada@example.org."
        ) from None

    return f"{found.username}@{host}"
