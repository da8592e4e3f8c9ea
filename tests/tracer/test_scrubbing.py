"""No secret reaches a trace, and what is no secret does."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.errors import BadArgument, scrub
from mojentic_nb.tracer.scrubbing import DROPPED, Scrubber

HEX = "0123456789abcdef" * 4
MIXED = "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7dE9fG1hJ3kL5mN7pQ9rS1tU3v"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0T"
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{MIXED}\n{MIXED}\n-----END RSA PRIVATE KEY-----"

# Kind, and a secret of it, whole.
KEYS = [
    ("anthropic_key", f"sk-ant-api03-{MIXED[:40]}-AA"),
    ("openrouter_key", f"sk-or-v1-{HEX[:48]}"),
    ("langfuse_key", f"sk-lf-{HEX[:8]}-{HEX[:4]}"),
    ("openai_key", f"sk-proj-{MIXED[:48]}"),
    ("openai_key", f"sk-svcacct-{MIXED[:48]}"),
    ("openai_key", f"sk-{MIXED[:48]}"),
    ("openai_key", "sk-not-to-be-found-anywhere-0123456789"),
    ("openai_key", "sk-abcdefghijklmnopqrstuvwx"),
    ("stripe_key", f"sk_live_{MIXED[:24]}"),
    ("stripe_key", f"rk_test_{MIXED[:24]}"),
    ("stripe_webhook", f"whsec_{MIXED[:32]}"),
    ("google_key", f"AIzaSy{MIXED[:33]}"),
    ("google_token", f"ya29.{MIXED[:40]}"),
    ("google_secret", f"GOCSPX-{MIXED[:28]}"),
    ("github_token", f"ghp_{MIXED[:36]}"),
    ("github_token", f"ghs_{MIXED[:36]}"),
    ("github_token", f"github_pat_{MIXED[:22]}_{MIXED[:59]}"),
    ("gitlab_token", f"glpat-{MIXED[:20]}"),
    ("aws_key", "AKIAIOSFODNN7EXAMPLE"),
    ("aws_key", "ASIAIOSFODNN7EXAMPLE"),
    ("slack_token", f"xoxb-123456789012-{MIXED[:24]}"),
    ("slack_token", f"xapp-1-A012-{MIXED[:24]}"),
    ("telegram_token", f"123456789:AA{MIXED[:33]}"),
    ("huggingface_token", f"hf_{MIXED[:34]}"),
    ("groq_key", f"gsk_{MIXED[:52]}"),
    ("xai_key", f"xai-{MIXED[:64]}"),
    ("perplexity_key", f"pplx-{MIXED[:48]}"),
    ("nvidia_key", f"nvapi-{MIXED[:60]}"),
    ("replicate_token", f"r8_{MIXED[:37]}"),
    ("together_key", f"tgp_v1_{MIXED[:40]}"),
    ("fireworks_key", f"fw_{MIXED[:24]}"),
    ("cerebras_key", f"csk-{HEX[:48]}"),
    ("jina_key", f"jina_{HEX[:32]}{MIXED[:20]}"),
    ("voyage_key", f"pa-{MIXED[:40]}"),
    ("tavily_key", f"tvly-dev-{MIXED[:30]}"),
    ("langsmith_key", f"lsv2_pt_{HEX[:32]}_{HEX[:10]}"),
    ("npm_token", f"npm_{MIXED[:36]}"),
    ("pypi_token", f"pypi-AgEIcHlwaS5vcmc{MIXED[:60]}"),
    ("docker_token", f"dckr_pat_{MIXED[:27]}"),
    ("digitalocean_token", f"dop_v1_{HEX}"),
    ("sendgrid_key", f"SG.{MIXED[:22]}.{MIXED[:43]}"),
    ("mailgun_key", f"key-{HEX[:32]}"),
    ("mailchimp_key", f"{HEX[:32]}-us12"),
    ("twilio_key", f"SK{HEX[:32]}"),
    ("shopify_token", f"shpat_{HEX[:32]}"),
    ("databricks_token", f"dapi{HEX[:32]}"),
    ("vault_token", f"hvs.{MIXED[:24]}"),
    ("grafana_token", f"glsa_{MIXED[:32]}_{HEX[:8]}"),
    ("linear_key", f"lin_api_{MIXED[:40]}"),
    ("notion_token", f"ntn_{MIXED[:46]}"),
    ("airtable_token", f"pat{MIXED[:14]}.{HEX}"),
    ("atlassian_token", f"ATATT3x{MIXED[:60]}"),
    ("postman_key", f"PMAK-{HEX[:24]}-{HEX[:34]}"),
    ("sentry_token", f"sntrys_{MIXED[:60]}"),
    ("newrelic_key", f"NRAK-{MIXED[:27].upper()}"),
    ("supabase_token", f"sbp_{HEX[:40]}"),
    ("square_token", f"sq0atp-{MIXED[:22]}"),
    ("figma_token", f"figd_{MIXED[:40]}"),
    ("posthog_key", f"phx_{MIXED[:43]}"),
    ("pulumi_token", f"pul-{HEX[:40]}"),
    ("age_key", f"AGE-SECRET-KEY-1{MIXED[:58].upper()}"),
    ("jwt", JWT),
    ("private_key", PEM),
    ("key", f"rk-{MIXED[:30]}"),
]
each_key = pytest.mark.parametrize("kind, key", KEYS, ids=[f"{k}-{v[:9]}" for k, v in KEYS])

# A text, and what of it must be gone.
NAMED = [
    ("Authorization: Bearer abcdef123456", "abcdef123456"),
    ("authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
    ('{"Authorization": "Bearer tok3n-of-mine"}', "tok3n-of-mine"),
    ('"{\\"Authorization\\": \\"Bearer tok3n-of-mine\\"}"', "tok3n-of-mine"),
    ("curl -H 'Authorization: token abc123def'", "abc123def"),
    ("curl -u ada:lovelace1 https://host/", "lovelace1"),
    ("send it with bearer abcdef123456 please", "abcdef123456"),
    ("Cookie: session=abc; id=42", "abc; id=42"),
    ("Set-Cookie: sid=s%3Aabc; Path=/", "s%3Aabc"),
    ("https://ada:hunter2@host/path", "hunter2"),
    ("postgresql://app:p-w.1@db:5432/main", "p-w.1"),
    ("https://0123456789abcdef0123@host/path", "0123456789abcdef0123"),
    ("https://host/x?api_key=abc&y=1", "abc"),
    ("https://host/x?X-Amz-Signature=abc123&y=1", "abc123"),
    ("https://host/x?y=1&access_token=abc", "abc"),
    ("https://hooks.slack.com/services/T000/B000/abcdefghijkl", "abcdefghijkl"),
    ("https://discord.com/api/webhooks/123456/abcdefghijklmnopqrstuvwx", "abcdefghijklmnop"),
    ("password=letmein", "letmein"),
    ("PASSWORD: letmein", "letmein"),
    ("passwd = 'let me in'", "let me in"),
    ('{"password": "let\\"me in", "x": 1}', "me in"),
    ('{"db_password": "letme', "letme"),
    ("Server=x;Uid=y;Pwd=letmein;", "letmein"),
    ("passphrase => correct-horse", "correct-horse"),
    ("OPENAI_API_KEY=mine4ever", "mine4ever"),
    ("export API-KEY='mine4ever'", "mine4ever"),
    ("apiKey: 'mine'", "mine"),
    ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI"),
    ("client_secret: abc123def", "abc123def"),
    ("token = 'abc'", "'abc'"),
    ("MY_TOKEN=abcdefghijklmnopqrst", "abcdefghijklmnopqrst"),
    ("run --password letmein --fast", "letmein"),
    ("run --api-key=abc123", "abc123"),
    ("AccountKey=abcdefghijklmnopqrstuvwx==;Endpoint=x", "abcdefghijklmnop"),
]

KEPT = [
    "",
    "Hello, Ada. What is 7 × 8?",
    "The task-force-of-nature-and-a-very-long-name went home.",
    "pip install scikit-learn sk-learn-contrib",
    "from huggingface_hub import hf_hub_download",
    "max_tokens=4096, total_tokens: 512, token_count = 12",
    '{"input_tokens": 12, "output_tokens": 5, "token_type": "Bearer"}',
    "tokenizer: cl100k_base",
    "token = get_token()",
    "password = os.environ['PASSWORD']",
    "api_key=None, password: required, secret: true",
    "def login(user: str, password: str) -> None: ...",
    "PASSWORD=$DB_PASSWORD docker run",
    "The secret: never give up.",
    "Bearer of bad news; a basic understanding of cookies: sweet.",
    "git clone ssh://git@github.com/ada/engine",
    "see https://host/path?page=2&sort=name",
    "the key: patience",
    "AKIA is a prefix, eyJ another, sk- a third",
    "ACGT" * 2000,
]


@each_key
@pytest.mark.parametrize("around", ["{}", "it is {}, yes", '{{"x": "{}"}}', "a\\n{}\\nb", "k={}&x"])
def test_a_key_is_hidden_wherever_it_stands(kind: str, key: str, around: str) -> None:
    told = Scrubber().text(around.format(key))
    assert key not in told
    assert key[-12:] not in told
    assert re.search(r"‹redacted:\w+:[0-9a-f]{4}›", told)


@each_key
def test_its_kind_is_told(kind: str, key: str) -> None:
    assert re.fullmatch(
        rf"I have ‹redacted:{kind}:[0-9a-f]{{4}}› here\.", Scrubber().text(f"I have {key} here.")
    )


@each_key
def test_what_errors_hide_is_hidden_here(kind: str, key: str) -> None:
    told = Scrubber().text(f"I have {key} here.")
    assert scrub(told) == told


def test_the_table_is_long_enough() -> None:
    assert len(KEYS) + len(NAMED) >= 40


@pytest.mark.parametrize("text, secret", NAMED)
def test_a_value_after_the_name_of_a_secret_is_hidden(text: str, secret: str) -> None:
    told = Scrubber().text(text)
    assert secret not in told
    assert "‹redacted:" in told


@pytest.mark.parametrize("text", KEPT)
def test_what_is_no_secret_is_kept(text: str) -> None:
    assert Scrubber().text(text) == text


@pytest.mark.parametrize("text", [f"it is {key}, yes" for _, key in KEYS] + [a for a, _ in NAMED])
def test_hidden_once_it_stays_as_it_is(text: str) -> None:
    scrubber = Scrubber()
    once = scrubber.text(text)
    assert scrubber.text(once) == once


def test_equal_secrets_are_seen_to_be_equal() -> None:
    one, other = f"sk-{MIXED[:40]}", f"sk-{MIXED[1:41]}"
    first, again, second = Scrubber().text(f"{one} {one} {other}").split()
    assert first == again != second


def test_a_short_secret_is_told_without_its_hash() -> None:
    assert Scrubber().text("password=letmein") == "password=‹redacted:password›"


@pytest.mark.parametrize(
    "value, kept",
    [
        ({"password": "x"}, {"password": "‹redacted:password›"}),
        ({"passwd": 1234}, {"passwd": "‹redacted:password›"}),
        ({"apiKey": "x", "url": "u"}, {"apiKey": "‹redacted:secret›", "url": "u"}),
        ({"API-KEY": ""}, {"API-KEY": ""}),
        ({"max_tokens": 12, "tokens": [1, 2]}, {"max_tokens": 12, "tokens": [1, 2]}),
        ({"token": None, "secret": True}, {"token": None, "secret": True}),
        ({"tokens": ["the", "cat"]}, {"tokens": ["the", "cat"]}),
        ({"cookies": {"sid": "x"}}, {"cookies": {"sid": "‹redacted:cookie›"}}),
        ([["Authorization", "x"]], [["Authorization", "‹redacted:authorization›"]]),
        (["--password", "x", "y"], ["--password", "‹redacted:password›", "y"]),
        (["name", "password", "email"], ["name", "password", "email"]),
        (
            [{"name": "X-Api-Key", "value": "x"}],
            [{"name": "X-Api-Key", "value": "‹redacted:secret›"}],
        ),
        (
            {"password": {"type": "string", "description": "of the user"}},
            {"password": {"type": "string", "description": "of the user"}},
        ),
        (
            {"deep": [{"er": (f"sk-{MIXED[:8]}9", 1.5)}]},
            {"deep": [{"er": ["‹redacted:openai_key›", 1.5]}]},
        ),
    ],
)
def test_fields_are_judged_by_name_and_by_value(value: Any, kept: Any) -> None:
    assert Scrubber().value(value) == kept


def test_a_value_may_be_nested_without_end() -> None:
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]

    assert "nested too deep" in json.dumps(Scrubber().value(deep))


def test_the_environments_secrets_have_any_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    scrubber = Scrubber()
    monkeypatch.setenv("ACME_PROXY_TOKEN", "open sesame now")
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "false")
    assert scrubber.text("say open sesame now!") == "say open sesame now!"

    scrubber.read_environment()
    assert scrubber.text("say open sesame now!") == "say ‹redacted:environment›!"
    assert scrubber.text("false is false") == "false is false"


def test_images_in_text_are_told_by_their_size() -> None:
    data = "iVBORw0KGgo" + "A" * 1001
    told = Scrubber().text(f"![x](data:image/png;base64,{data}) and {data}")
    assert re.fullmatch(
        r"!\[x\]\(‹image/png, 759 bytes, (\w{8})›\) and ‹image/png, 759 bytes, \1›", told
    )


def test_own_redactors_run_last_and_are_told_where() -> None:
    seen = []

    def hide_ada(text: str, where: str) -> str:
        seen.append((text, where))
        return text.replace("Ada", "…")

    scrubber = Scrubber([hide_ada, re.compile("Babbage")])
    assert scrubber.text("Ada, Babbage, password=letmein", "tool") == (
        "…, ‹redacted:own›, password=‹redacted:password›"
    )
    assert seen == [("Ada, Babbage, password=‹redacted:password›", "tool")]
    assert scrubber.value({"who": "Ada"}) == {"who": "…"}


@pytest.mark.parametrize(
    "redactor",
    [lambda text, where: 1 / 0, lambda text, where: None, lambda text: text],
    ids=["raises", "gives nothing", "takes too little"],
)
def test_what_a_redactor_fails_on_is_dropped(redactor: Any) -> None:
    scrubber = Scrubber([redactor])
    with pytest.warns(RuntimeWarning, match="A redactor of the trace failed") as told:
        kept = [scrubber.text("of Ada"), scrubber.text("of Charles")]

    assert kept == [DROPPED, DROPPED]
    assert (len(told), scrubber.dropped) == (1, 2)
    assert "Ada" not in str(told[0].message)


def test_a_redactor_is_a_function_or_a_pattern() -> None:
    with pytest.raises(BadArgument, match="not str"):
        Scrubber("Ada")


@given(st.text())
def test_any_text_may_come(text: str) -> None:
    scrubber = Scrubber()
    once = scrubber.text(text)
    assert scrubber.text(once) == once


# Each was made to be slow: a needle, or a name, again and again. The test's own time limit
# is the measure: a pattern that looks twice at every letter would take hours.
SLOW = """
import sys
from mojentic_nb.tracer.scrubbing import Scrubber
scrubber = Scrubber()
for piece in sys.argv[1:]:
    scrubber.text(piece * (1_000_000 // len(piece)))
"""


def test_no_text_is_slow() -> None:
    needles = [
        *("sk-", "sk-a", "sk-ant-", "pa-a", "xox", "SG.a", "a-", "A", "1", " ", "\\n", ":AA1"),
        *("eyJ", "eyJaaaaaaaa.", "-----BEGIN PRIVATE KEY-----", "0123456789abcdef-us"),
        *("://", "://a", "://a:", "?a.", "?key=", "?sig", "--token ", "-u a", " -u ", "&a-"),
        *("token=", "token=a", 'token: "', "token:'", "api_key", "secret_secret_", "passw"),
        *("password: ", "password=\\", "cookie:", "cookie: a=", "authorization: ", "bearer "),
        *("iVBORw0KGgo", "data:image/png;base64,", "data:a/b;", ";base64,"),
    ]
    subprocess.run([sys.executable, "-c", SLOW, *needles], check=True, timeout=55)
