"""Sending an e-mail."""

from __future__ import annotations

import email
import email.policy

import pytest

from mojentic_nb.errors import BadArgument, ToolDenied, ToolError
from mojentic_nb.schema import check
from mojentic_nb.tools.kit.tasks_email import EmailSendTool
from mojentic_nb.tools.policy import Limits, Policy
from tests.tools.mail_server import MailServer

HERE = Policy(domains=("127.0.0.1",), effects=frozenset({"network", "writes"}))
MAIL = {"subject": "Regen in Köln", "body": "Es regnet.\n.\nImmer noch.\n"}


def tool_for(server, policy=HERE, **given):
    return EmailSendTool(
        policy,
        **{"host": "127.0.0.1", "port": server.port, "sender": "me@e.org", "security": "none"}
        | given,
    )


def test_examples_fit_and_a_person_is_asked():
    tool = EmailSendTool()
    assert [tool.arguments(one.arguments) for one in tool.facts.examples]
    assert tool.facts.is_destructive


def test_a_mail_arrives_whole():
    with MailServer() as server:
        tool = tool_for(server)
        told = tool.run(
            ["ada@e.org"], cc=["bob@bücher.example"], bcc=["eve@e.org"], reply_to="r@e.org",
            html="<p>Es regnet.</p>", **MAIL,
        )  # fmt: skip
    mail = email.message_from_string(server.mails[0], policy=email.policy.default)
    assert mail["Subject"] == "Regen in Köln"
    assert (mail["From"], mail["To"], mail["Reply-To"]) == ("me@e.org", "ada@e.org", "r@e.org")
    assert mail["Cc"] == "bob@xn--bcher-kva.example"
    assert "eve" not in server.mails[0]
    assert "RCPT TO:<eve@e.org>" in server.heard
    # A line of one dot ends a mail; on the road it has two.
    text = mail.get_body(("plain",)).get_content().replace("\r\n", "\n").replace("\n..\n", "\n.\n")
    assert text == MAIL["body"]
    assert mail.get_body(("html",)).get_content().strip() == "<p>Es regnet.</p>"
    assert told["accepted"] == ["ada@e.org", "bob@xn--bcher-kva.example", "eve@e.org"]
    assert told["refused"] == {}
    assert server.heard[0] == "EHLO [127.0.0.1]"
    check(dict(told), tool.output_schema)


def test_who_was_refused_is_told():
    with MailServer(refuses="bob") as server:
        told = tool_for(server).run(["ada@e.org", "bob@e.org"], **MAIL)
    assert (told["accepted"], told["refused"]) == (
        ["ada@e.org"], {"bob@e.org": "550 nobody of that name"},
    )  # fmt: skip


def test_a_password_is_used_on_this_machine_and_never_told():
    with MailServer() as server:
        tool_for(server, user="me", password="hunter2").run(["ada@e.org"], **MAIL)
        assert any(line.startswith("AUTH PLAIN") for line in server.heard)
        server.says["AUTH"] = "535 no hunter2"
        tool = tool_for(server, user="me", password="hunter2")
        with pytest.raises(ToolError, match="did not accept user and password") as told:
            tool.run(["ada@e.org"], **MAIL)
    assert "hunter2" not in f"{told.value!r}{told.value}{tool!r}"
    assert told.value.__cause__ is None
    assert told.value.__context__ is None


def test_the_server_comes_from_variables_the_policy_names(monkeypatch):
    with MailServer() as server:
        for name, value in {
            "HOST": "127.0.0.1",
            "PORT": str(server.port),
            "FROM": "v@e.org",
        }.items():
            monkeypatch.setenv(f"SMTP_{name}", value)
        for name in ("USER", "PASSWORD"):
            monkeypatch.delenv(f"SMTP_{name}", raising=False)
        policy = Policy(domains=HERE.domains, effects=HERE.effects, env=("SMTP_*",))
        EmailSendTool(policy, security="none").run(["ada@e.org"], **MAIL)
        with pytest.raises(ToolError, match="No mail server is known"):
            EmailSendTool(HERE, security="none").run(["ada@e.org"], **MAIL)
    assert "From: v@e.org" in server.mails[0]


@pytest.mark.parametrize("says, why", [
    ({"": "554 go away"}, "said 554 go away"),
    ({"MAIL": "501 no"}, "refused the sender 'me@e.org'"),
    ({"RCPT": "550 nobody"}, "refused everybody: .*550 nobody"),
    ({"DATA": "554 spam"}, "said 554 spam"),
    ({".": "552 too big"}, "said 552 too big"),
])  # fmt: skip
def test_a_refusal_is_told(says, why):
    with MailServer(says) as server, pytest.raises(ToolError, match=why):
        tool_for(server).run(["ada@e.org"], **MAIL)


def test_a_server_without_a_secure_connection_gets_nothing():
    with MailServer() as server, pytest.raises(ToolError, match="cannot do what was asked"):
        tool_for(server, security="starttls", user="me", password="p").run(["ada@e.org"], **MAIL)
    assert not any(line.startswith(("AUTH", "MAIL")) for line in server.heard)


def test_a_server_that_is_silent_is_left_in_time():
    policy = Policy(domains=HERE.domains, effects=HERE.effects, limits=Limits(seconds=0.2))
    with (
        MailServer({"DATA": "silence"}) as server,
        pytest.raises(ToolError, match="may or may not have taken"),
    ):
        tool_for(server, policy).run(["ada@e.org"], **MAIL)
    assert server.mails == []


def test_a_server_that_hangs_up_is_told():
    with MailServer({".": "421 bye"}) as server, pytest.raises(ToolError, match="421 bye"):
        tool_for(server).run(["ada@e.org"], **MAIL)
    with (
        MailServer({"DATA": "hang up"}) as server,
        pytest.raises(ToolError, match="may or may not have taken"),
    ):
        tool_for(server).run(["ada@e.org"], **MAIL)


def test_nobody_there_is_told():
    tool = EmailSendTool(HERE, host="127.0.0.1", port=9, sender="me@e.org", security="none")
    with pytest.raises(ToolError, match="could not be reached"):
        tool.run(["ada@e.org"], **MAIL)


@pytest.mark.parametrize("given, why", [
    ({"to": []}, "for 0 people"),
    ({"to": ["a@e.org"] * 51}, "for 51 people"),
    ({"to": ["nonsense"]}, "'nonsense' is no e-mail address"),
    ({"to": ["a@e.org\r\nBcc: eve@e.org"]}, "no e-mail address"),
    ({"to": ["a@e.org, eve@e.org"]}, "no e-mail address"),
    ({"to": ["Ada <a@e.org>"]}, "no e-mail address"),
    ({"to": ["@e.org"]}, "no e-mail address"),
    ({"to": ["a@"]}, "no e-mail address"),
    ({"subject": "a\r\nBcc: eve@e.org"}, "more than one line"),
    ({"reply_to": "x\ny@e.org"}, "no e-mail address"),
    ({"body": "x" * 2000}, "1000 are allowed"),
])  # fmt: skip
def test_what_cannot_be_sent_is_told(given, why):
    policy = Policy(domains=HERE.domains, effects=HERE.effects, limits=Limits(write_bytes=1000))
    with MailServer() as server, pytest.raises(ToolError, match=why):
        tool_for(server, policy).run(**{"to": ["a@e.org"], **MAIL, **given})
    assert server.heard == []


def test_without_leave_nothing_is_sent():
    with MailServer() as server:
        for policy in (
            Policy(domains=("127.0.0.1",), effects=frozenset({"network"})),
            Policy(effects=frozenset({"network", "writes"})),
        ):
            with pytest.raises(ToolDenied):
                tool_for(server, policy).run(["a@e.org"], **MAIL)
    assert server.heard == []


def test_a_security_that_is_none_is_told_at_once():
    with pytest.raises(BadArgument, match="'ssl'"):
        EmailSendTool(HERE, security="ssl")
